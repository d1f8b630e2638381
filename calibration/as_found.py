"""What a panel gave by the calibration it came with, before it was adjusted."""

from collections.abc import Iterable
from dataclasses import dataclass

from ledcal.calibration.outcome import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class AsFound:
    """Event `as_found`: the state in which the panel came; its results are `measured_as_found`.

    Attributes:
        verdict: PASS, FAIL or INCONCLUSIVE of all results together, by the run's own decision
            rule; None where nothing was measured. It decides nothing of the run.
        reason: Why something was not measured, empty where all was.
        file_sha256: Of the calibration file that the panel carried, empty where it had none.
        sequence: The sequence number of that file, 0 for none.
    """

    verdict: Verdict | None
    reason: str
    file_sha256: str
    sequence: int


def as_found_verdict(verdicts: Iterable[Verdict], *, whole: bool) -> Verdict | None:
    """Return what is said of the panel as it was found, None where nothing was measured.

    Args:
        verdicts: Of the results.
        whole: False where the panel refused a request: what it gave there is not known, so that
            nothing better than INCONCLUSIVE can be said.
    """
    found = list(verdicts)
    if not found:
        return None
    if Verdict.FAIL in found:
        return Verdict.FAIL
    return Verdict.INCONCLUSIVE if Verdict.INCONCLUSIVE in found or not whole else Verdict.PASS
