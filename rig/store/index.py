"""The index of runs: what can be asked for without opening every folder, made from each record."""

import json
from typing import Any

from sqlalchemy import Connection, Table, insert, select

from ledcal.calibration.record import Record
from ledcal.rig.store.schema import INSTRUMENT_USE, RESULT, RUN


def is_indexed(connection: Connection, run: str) -> bool:
    """Tell whether a run is in the index."""
    return connection.execute(select(RUN.c.run).where(RUN.c.run == run)).first() is not None


def add_run(connection: Connection, record: Record, record_sha256: str) -> None:
    """Add a run's rows in a transaction of `Store.adding`."""
    for table, rows in index_rows(record, record_sha256).items():
        if rows:
            connection.execute(insert(table), rows)


def index_rows(record: Record, record_sha256: str) -> dict[Table, list[dict[str, Any]]]:
    """Return the rows that a record has in each table of the index."""
    began, file = record.run, record.calibration_file
    run = {
        "run": began.run,
        "serial": began.serial,
        "uid": None if record.panel is None else record.panel.uid,
        "mode": began.mode,
        "simulated": began.simulated,
        "attempt": began.attempt,
        "operator": began.operator,
        "reason": began.reason,
        "station": began.station["name"],
        "product": f"{began.product['model']} {began.product['version']}",
        "product_sha256": began.product["file_sha256"],
        "started_at": began.at,
        "finished_at": record.finished_at,
        "outcome": record.outcome.value,
        "reason_codes": " ".join(reason["code"] for reason in record.reasons),
        "file_sha256": None if file is None else file.sha256,
        "record_sha256": record_sha256,
    }
    uses = [
        {
            "run": began.run,
            "role": one.role,
            "maker": one.maker,
            "model": one.model,
            "serial": one.serial,
            "certificate": one.certificate.get("number", ""),
            "due": one.certificate.get("due", ""),
        }
        for one in {each.role: each for each in record.instruments}.values()
    ]
    results = [
        {
            "run": began.run,
            "position": position,
            "step": one.step,
            "measurand": one.measurand,
            "channel": one.channel,
            "conditions": json.dumps(one.where, sort_keys=True),
            "value": one.value,
            "expanded_uncertainty": one.expanded_uncertainty,
            "unit": one.unit,
            "nominal": one.nominal,
            "lower": one.lower,
            "upper": one.upper,
            "verdict": one.verdict.value,
        }
        for position, one in enumerate(record.measured)
        if one.value is not None
    ]
    return {RUN: [run], INSTRUMENT_USE: uses, RESULT: results}
