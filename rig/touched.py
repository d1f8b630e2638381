"""Which panels an instrument has touched, and what an error of it would have meant for each."""

import math
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import select

from ledcal.calibration.record import Measured, Record
from ledcal.reports.text import legible
from ledcal.rig.errors import RefusedInput
from ledcal.rig.proof import closed_folder
from ledcal.rig.store.opened import open_store_to_read, store_url
from ledcal.rig.store.schema import INSTRUMENT_USE, RUN
from ledcal.rig.summary import record_of

_COVERAGE_FACTOR = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """The result of a run that an error of the instrument would have put out of its limits first.

    Attributes:
        result: The result.
        margin: From its value to the nearest tolerance limit, in its unit.
        times: How many times its stated expanded uncertainty (k = 2) the instrument must have
            been off to use up the margin.
    """

    result: Measured
    margin: float
    times: float

    @property
    def margin_rel(self) -> float | None:
        """The margin as a fraction of the value, None for a value of zero."""
        return self.margin / abs(self.result.value) if self.result.value else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """One run in which the instrument took part.

    Attributes:
        run: Run id.
        serial: Of the panel.
        outcome: Of the run.
        started_at: UTC, ISO 8601.
        role: What the instrument was used as.
        certificate: Number of the certificate that held then.
        effect: What it would have meant; None where no limited result depends on it.
        lost: Why the record cannot be read, empty when it can.
    """

    run: str
    serial: str
    outcome: str
    started_at: str
    role: str
    certificate: str
    effect: Effect | None
    lost: str = ""

    def may_be_out(self, times: float) -> bool:
        """Tell whether an error of so many times the stated uncertainty may have mattered.

        A run that passed nothing has nothing to lose; one that cannot be read is not cleared.
        """
        if self.lost:
            return True
        return self.outcome == "PASS" and self.effect is not None and self.effect.times <= times


def touched(
    data_folder: Path,
    instrument: str,
    since: date | None = None,
    until: date | None = None,
    *,
    url: str | None = None,
) -> list[Touched]:
    """Return every run in which an instrument took part, oldest first.

    Args:
        data_folder: Where the runs are.
        instrument: Its serial.
        since: First day, UTC.
        until: Last day, UTC.
        url: Of the record store; the data folder's own without it.

    Raises:
        RefusedInput: There is no record store, or no instrument of that serial in it.
        StationError: The store cannot be read.
    """
    try:
        instrument.encode()
    except UnicodeEncodeError as error:
        raise RefusedInput(
            "INSTRUMENT", f"instrument {instrument!r}: is not UTF-8 text; type it again"
        ) from error
    with open_store_to_read(url or store_url(data_folder)) as store, store.reading() as connection:
        rows = connection.execute(
            select(
                *(RUN.c.run, RUN.c.serial, RUN.c.outcome, RUN.c.started_at),
                *(INSTRUMENT_USE.c.role, INSTRUMENT_USE.c.certificate),
            )
            .join(INSTRUMENT_USE, INSTRUMENT_USE.c.run == RUN.c.run)
            .where(INSTRUMENT_USE.c.serial == instrument)
            .order_by(RUN.c.started_at)
        ).all()
        if not rows:
            known = connection.execute(select(INSTRUMENT_USE.c.serial).distinct()).scalars()
            raise RefusedInput(
                "INSTRUMENT",
                f"instrument {instrument!r}: took part in no run here; known serials: "
                f"{', '.join(legible(one) for one in sorted(known)) or 'none'}",
            )
    found = []
    for run, serial, outcome, started_at, role, certificate in rows:
        day = date.fromisoformat(started_at[:10])
        if (since is not None and day < since) or (until is not None and day > until):
            continue
        effect, lost = None, ""
        try:
            effect = first_effect(record_of(closed_folder(data_folder, run)), certificate)
        except RefusedInput as error:
            lost = error.text
        found.append(
            Touched(
                run=run,
                serial=serial,
                outcome=outcome,
                started_at=started_at,
                role=role,
                certificate=certificate,
                effect=effect,
                lost=lost,
            )
        )
    return found


def first_effect(record: Record, certificate: str) -> Effect | None:
    """Return which limited result an error of an instrument would have put out of limits first.

    The share of an instrument in a result is the root sum of squares of the contributions whose
    source is its certificate; an instrument off by m times its stated expanded uncertainty moves
    the result by at most m·k·u. Only results that judge the panel count, those with a guard band:
    checks of the bench have none (decision 0010).

    Args:
        record: Of a run.
        certificate: Number of the instrument's certificate.
    """
    effects = [
        Effect(result=one, margin=margin, times=margin / (_COVERAGE_FACTOR * share))
        for one in record.measured
        if one.guard_factor != 0.0
        and (margin := _margin(one)) is not None
        and (share := _share(one, certificate)) > 0.0
    ]
    return min(effects, key=lambda one: one.times, default=None)


def _share(result: Measured, certificate: str) -> float:
    return math.hypot(
        *(float(one["u"]) for one in result.components if one.get("source") == certificate)
    )


def _margin(result: Measured) -> float | None:
    """Return how far a result lies inside its limits, 0 for one that does not."""
    reaches = [
        reach
        for limit, reach in (
            (result.lower, None if result.lower is None else result.value - result.lower),
            (result.upper, None if result.upper is None else result.upper - result.value),
        )
        if limit is not None and reach is not None
    ]
    return max(0.0, min(reaches)) if reaches else None
