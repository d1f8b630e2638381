import re

from ledcal.calibration.outcome import Outcome
from ledcal.reports.shapes import verdict_shape


def test_pass_fail_and_inconclusive_differ_without_colour() -> None:
    grey = [re.sub("#[0-9a-f]{6}", "", verdict_shape(o, 20)) for o in ("PASS", "FAIL")]
    grey.append(re.sub("#[0-9a-f]{6}", "", verdict_shape("INCONCLUSIVE", 20)))
    assert len(set(grey)) == 3


def test_only_pass_has_the_shape_of_pass() -> None:
    others = {verdict_shape(outcome, 20) for outcome in Outcome if outcome is not Outcome.PASS}
    assert verdict_shape("PASS", 20) not in others | {verdict_shape("OPEN", 20)}
