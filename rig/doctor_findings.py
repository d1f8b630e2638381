"""What a look at the station found: one finding for each thing that was looked at."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from ledcal.calibration.errors import CalibrationError
from ledcal.calibration.outcome import Outcome
from ledcal.instruments.errors import InstrumentError
from ledcal.rig.errors import RigError

Status = Literal["ok", "WARN", "FAIL"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        name: What it is.
        status: ok, WARN (it still works) or FAIL.
        text: What was found; of a WARN or FAIL also what to do.
        outcome: What a run that met this would end as; PASS unless it is a FAIL.
    """

    name: str
    status: Status
    text: str
    outcome: Outcome = Outcome.PASS


@dataclass(frozen=True, slots=True)
class Findings:
    """Gathers findings; no failure keeps the next thing from being looked at."""

    found: list[Finding] = field(default_factory=list)

    def ok(self, name: str, text: str) -> None:
        """Note what is as it should be."""
        self.found.append(Finding(name=name, status="ok", text=text))

    def warn(self, name: str, text: str) -> None:
        """Note what still works and needs somebody soon."""
        self.found.append(Finding(name=name, status="WARN", text=text))

    def fail(self, name: str, text: str, outcome: Outcome = Outcome.STATION) -> None:
        """Note what would end a run."""
        self.found.append(Finding(name=name, status="FAIL", text=text, outcome=outcome))

    @contextmanager
    def looking(self, name: str, outcome: Outcome = Outcome.STATION) -> Iterator[None]:
        """Look at one thing; an error is a finding, with the error's own outcome if it has one."""
        try:
            yield
        except RigError as error:
            self.fail(name, error.text, error.outcome)
        except (InstrumentError, CalibrationError, OSError, ValueError) as error:
            self.fail(name, str(error) or type(error).__name__, outcome)


def exit_code(found: Sequence[Finding]) -> int:
    """Return 0 when nothing failed; else 2 refused input, before 4 station, before 3 set-up."""
    failed = {finding.outcome for finding in found if finding.status == "FAIL"}
    for outcome in (Outcome.USAGE, Outcome.STATION, Outcome.SETUP):
        if outcome in failed:
            return outcome.exit_code
    return Outcome.SETUP.exit_code if failed else 0
