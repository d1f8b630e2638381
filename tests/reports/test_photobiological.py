from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledcal.calibration.record import Record
from ledcal.reports.photobiological import safety_sheet, time_words


def test_the_sheet_says_what_an_operator_must_know(complete: Record) -> None:
    sheet = safety_sheet(complete.safety, complete.measured)
    assert sheet is not None
    assert (sheet.group, sheet.declared_group, sheet.standing) == ("RG1", "RG1", "as declared")
    assert (sheet.distance, sheet.permitted, sheet.limited) == (
        "150 mm",
        "203 s (3 min 23 s)",
        True,
    )


def test_each_hazard_has_its_level_limit_and_times(complete: Record) -> None:
    sheet = safety_sheet(complete.safety, complete.measured)
    assert sheet is not None
    infrared, thermal, skin = sheet.rows
    assert (infrared.level, infrared.expanded_uncertainty, infrared.unit) == (
        "325.3",
        "8.3",
        "W/m²",
    )
    assert (infrared.limit, infrared.judged, infrared.probability) == ("570", True, "> 99.9")
    assert (infrared.permitted, infrared.permitted_least) == (
        "210 s (3 min 30 s)",
        "203 s (3 min 23 s)",
    )
    assert (thermal.unit, thermal.permitted) == ("W/(m²·sr)", "no limit needed")
    assert (thermal.limit, thermal.judged, thermal.probability) == ("–", False, "–")
    assert (skin.group, skin.limit) == ("not grouped", "–")


def test_the_coverage_factor_is_that_of_the_results(complete: Record) -> None:
    sheet = safety_sheet(complete.safety, complete.measured)
    alone = safety_sheet(complete.safety, [])
    assert sheet is not None
    assert alone is not None
    assert (sheet.k, alone.k) == ("2", "")


def test_a_limit_in_another_unit_stands_beside_no_level(complete: Record) -> None:
    other = [
        replace(m, unit="mW/cm2") if m.measurand.startswith("photobiological") else m
        for m in complete.measured
    ]
    sheet = safety_sheet(complete.safety, other)
    assert sheet is not None
    assert sheet.rows[0].limit == "–"


@pytest.mark.parametrize(
    ("group", "standing"),
    [
        ("exempt", "below the declared group"),
        ("RG2", "above the declared group"),
        ("X", "not compared with the declared group"),
    ],
)
def test_the_group_found_stands_against_the_declared_one(
    complete: Record, group: str, standing: str
) -> None:
    assert complete.safety is not None
    sheet = safety_sheet(replace(complete.safety, group=group), complete.measured)
    assert sheet is not None
    assert sheet.standing == standing


def test_an_old_record_has_no_sheet(record: Record) -> None:
    assert safety_sheet(record.safety, record.measured) is None


@pytest.mark.parametrize(
    ("time_s", "shown"),
    [
        (None, "no limit needed"),
        (0.0, "0 s"),
        (0.0359, "0.035 s"),
        (9.99, "9 s"),
        (47.9, "47 s"),
        (60, "60 s (1 min 0 s)"),
        (1000.0, "1000 s (16 min 40 s)"),
    ],
)
def test_times_in_print(time_s: float | None, shown: str) -> None:
    assert time_words(time_s) == shown


@given(st.floats(1e-6, 3e4))
def test_a_permitted_time_is_never_rounded_up(time_s: float) -> None:
    assert Decimal(time_words(time_s).split(" s")[0]) <= Decimal(repr(time_s))
