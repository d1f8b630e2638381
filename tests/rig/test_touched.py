"""Which panels an instrument touched, and from which error on a result leaves its limits."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ledcal.calibration.outcome import Outcome
from ledcal.rig.cli import app
from ledcal.rig.closing import close_run, finished
from ledcal.rig.errors import RefusedInput
from ledcal.rig.journal import Journal
from ledcal.rig.keys import SigningKey
from ledcal.rig.summary import record_of
from ledcal.rig.touched import first_effect, touched
from tests.rig.conftest import StartRun

METER = "EMU-PM-1"


def component(u: float, source: str) -> dict[str, Any]:
    return {"name": "one", "u_input": 1.0, "sensitivity": u, "u": u, "dof": None, "source": source}


def result(value: float, lower: float | None, upper: float | None, **more: Any) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "step": "verify",
        "measurand": "irradiance",
        "channel": 1,
        "where": {},
        "value": value,
        "u": 0.5,
        "k": 2.0,
        "expanded_uncertainty": 1.0,
        "unit": "W/m2",
        "nominal": 100.0,
        "lower": lower,
        "upper": upper,
        "acceptance_lower": lower,
        "acceptance_upper": upper,
        "rule": "guard band",
        "guard_factor": 1.0,
        "verdict": "PASS",
        "components": [component(0.3, METER), component(0.4, METER), component(5.0, "other")],
    }
    return facts | more


def closed(begun: tuple[Path, Journal], key: SigningKey, *results: dict[str, Any]) -> Path:
    folder, journal = begun
    journal.append(
        "instrument",
        {
            **{"role": "power_meter", "maker": "Thorlabs", "model": "PM103", "serial": "M1"},
            **{"firmware": "1", "resource": "ASRL1::INSTR"},
            "certificate": {"number": METER, "due": "2027-01-01"},
        },
    )
    for one in results:
        journal.append("measured", one)
    journal.append("run_finished", finished(Outcome.PASS, []))
    journal.close()
    close_run(folder, key)
    return folder


def test_the_first_to_leave_its_limits(begin_run: StartRun, key: SigningKey) -> None:
    """The meter's share is the root sum of squares of 0.3 and 0.4: 0.5, so U of it is 1."""
    folder = closed(
        begin_run(),
        key,
        result(97.0, 90.0, 110.0),
        result(104.0, 90.0, 110.0, channel=2),
        result(100.0, None, 100.1, channel=3, guard_factor=0.0),
        result(100.0, None, None, channel=4),
        result(100.0, 99.9, 100.1, channel=5, components=[component(1.0, "other")]),
    )
    effect = first_effect(record_of(folder), METER)
    assert effect is not None
    assert effect.result.channel == 2
    assert effect.margin == pytest.approx(6.0)
    assert effect.times == pytest.approx(6.0)
    assert effect.margin_rel == pytest.approx(6.0 / 104.0)
    assert first_effect(record_of(folder), "unknown") is None


def test_a_result_outside_its_limits_has_nothing_left(
    begin_run: StartRun, key: SigningKey
) -> None:
    folder = closed(begin_run(), key, result(111.0, 90.0, 110.0))
    effect = first_effect(record_of(folder), METER)
    assert effect is not None
    assert effect.times == 0.0


def test_runs_are_found_by_instrument_and_day(
    begin_run: StartRun, key: SigningKey, data_folder: Path
) -> None:
    runs = [
        closed(begin_run(f"20260301T1{n}0000000Z-TEST-0001"), key, result(97.0 + n, 90.0, 110.0))
        for n in range(3)
    ]
    found = touched(data_folder, "M1")
    assert [one.run for one in found] == [run.name for run in runs]
    assert [one.may_be_out(7.5) for one in found] == [True, False, False]
    today = date.fromisoformat(found[0].started_at[:10])
    assert len(touched(data_folder, "M1", since=today)) == 3
    assert touched(data_folder, "M1", since=date(2999, 1, 1)) == []
    assert touched(data_folder, "M1", until=date(1999, 1, 1)) == []
    with pytest.raises(RefusedInput, match="took part in no run here; known serials: M1"):
        touched(data_folder, "M2")


def test_a_run_that_cannot_be_read_is_not_cleared(
    begin_run: StartRun, key: SigningKey, data_folder: Path
) -> None:
    folder = closed(begin_run(), key, result(97.0, 90.0, 110.0))
    (folder / "journal.jsonl").write_bytes(b"damaged\n")
    (one,) = touched(data_folder, "M1")
    assert one.may_be_out(0.0)
    assert "is damaged" in one.lost


def test_the_commands(begin_run: StartRun, key: SigningKey, data_folder: Path) -> None:
    closed(begin_run(), key, result(97.0, 90.0, 110.0))
    asked = ["touched", "--instrument", "M1", "--data", str(data_folder)]
    told = CliRunner().invoke(app, asked)
    assert told.exit_code == 0, told.output
    assert "✔ within" in told.output
    assert CliRunner().invoke(app, [*asked, "--times", "7.5"]).exit_code == 1
    audited = CliRunner().invoke(app, ["audit", "--data", str(data_folder)])
    assert audited.exit_code == 1
    for words in (
        "transcript.jsonl is not there",
        "nobody is named as operator",
        "an instrument has no serial or an incomplete certificate",
        "it passed without a file proven by light",
        "0 of 1 runs are complete",
    ):
        assert words in audited.output
