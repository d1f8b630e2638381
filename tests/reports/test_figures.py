import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest

from ledcal.calibration.outcome import Verdict
from ledcal.calibration.record import Record
from ledcal.reports.figures import spectra_figure, verification_figure
from ledcal.reports.results import channel_names
from ledcal.reports.verification import verification

SVG = "{http://www.w3.org/2000/svg}"


def words(figure: str) -> list[str]:
    return [text.text or "" for text in ElementTree.fromstring(figure).iter(f"{SVG}text")]


def test_each_verified_point_has_a_mark_and_each_channel_its_name(record: Record) -> None:
    points = verification(record)
    figure = verification_figure(points, channel_names(record))
    circles = list(ElementTree.fromstring(figure).iter(f"{SVG}circle"))
    assert len(circles) == len(points) + 1  # and the one in the legend
    assert [w for w in words(figure) if "·" in w] == [
        "1 · 630 nm",
        "2 · 660 nm",
        "3 · 810 nm",
        "4 · 830 nm",
        "5 · 850 nm",
    ]


def test_points_as_found_stand_beside_those_as_left(record: Record) -> None:
    points = verification(record)
    low = replace(points[7], value=0.8 * points[7].value, verdict=Verdict.FAIL)
    elsewhere = replace(points[7], where={"request_fraction": 0.33})
    alone = verification_figure(points, {})
    both = verification_figure(points, {}, [low, elsewhere])
    assert both.count("l5 5l-5 5l-5-5z") == 2  # the one point, and the legend
    assert "as found" in words(both)
    assert "as found" not in words(alone)
    assert "Drawn too: 1 point as found, of which the farthest deviates by -" in both
    # The axis reaches as far as the point as found does.
    assert "−20" in words(both)
    assert "−20" not in words(alone)


def test_limits_that_differ_are_drawn_apart(record: Record) -> None:
    points = verification(record)
    same = verification_figure(points, {})
    points[7] = replace(points[7], upper=1.05 * (points[7].nominal or 0.0))
    apart = verification_figure(points, {})
    assert apart.count("stroke-dasharray") == same.count("stroke-dasharray") + 2


def test_a_point_that_did_not_pass_carries_a_sign(record: Record) -> None:
    points = verification(record)
    assert "<g " not in verification_figure(points, {})
    points[3] = replace(points[3], value=0.85 * points[3].value, verdict=Verdict.FAIL)
    points[4] = replace(points[4], value=1.09 * points[4].value, verdict=Verdict.INCONCLUSIVE)
    figure = verification_figure(points, {})
    assert figure.count("<g ") == 2
    assert "13 of them PASS" in figure


def test_a_point_without_limits_is_still_drawn(record: Record) -> None:
    point = replace(
        verification(record)[0],
        lower=None,
        upper=None,
        acceptance_lower=None,
        acceptance_upper=None,
        where={},
    )
    assert "–" in words(verification_figure([point], {}))


def test_spectra_show_where_the_light_is(record: Record) -> None:
    figure = spectra_figure(record.spectra, channel_names(record))
    numbers = [int(word) for word in words(figure) if word.isdigit()]
    assert min(numbers) > 500
    assert max(numbers) < 1000


@pytest.mark.parametrize("level", [0.0, -0.001])
def test_a_channel_without_light_still_has_a_figure(record: Record, level: float) -> None:
    dark = replace(record.spectra[0], irradiance_w_m2_nm=[level] * 651)
    assert "630 nm" in spectra_figure([dark], {1: "630 nm"})
