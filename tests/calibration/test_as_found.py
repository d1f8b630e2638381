import pytest

from ledcal.calibration.as_found import as_found_verdict
from ledcal.calibration.outcome import Verdict

PASS, FAIL, OPEN = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("verdicts", "whole", "said"),
    [
        ([PASS, PASS], True, PASS),
        ([PASS, PASS], False, OPEN),
        ([PASS, OPEN], True, OPEN),
        ([OPEN, FAIL], True, FAIL),
        ([FAIL, PASS], False, FAIL),
        ([], True, None),
        ([], False, None),
    ],
)
def test_the_worst_result_counts_and_what_is_not_known_passes_nothing(
    verdicts: list[Verdict], whole: bool, said: Verdict | None
) -> None:
    assert as_found_verdict(verdicts, whole=whole) is said
