from dataclasses import replace

from ledcal.calibration.record import Record
from ledcal.reports.budget import budget
from ledcal.reports.verification import verification


def test_the_budget_is_that_of_the_largest_request(record: Record) -> None:
    sheet = budget(verification(record))
    assert sheet is not None
    assert sheet.channels == [1, 2, 3, 4, 5]
    assert sheet.points == ["6 mW/cm²", "12 mW/cm²", "10 mW/cm²", "8 mW/cm²", "14 mW/cm²"]
    assert sheet.rows[0].name == "power meter certificate"
    assert (sheet.rows[0].shared, sheet.rows[0].shares) == ("yes", ["1.10"] * 5)
    assert sheet.combined == ["1.29"] * 5
    assert budget([]) is None


def test_a_contribution_of_one_channel_only_leaves_the_others_open(record: Record) -> None:
    points = verification(record)
    extra = {"name": "lamp", "u": 0.6, "evaluation": "A", "common": False, "source": "note"}
    points[2] = replace(points[2], components=[*points[2].components, extra])
    sheet = budget(points)
    assert sheet is not None
    assert sheet.rows[-1].name == "lamp"
    assert sheet.rows[-1].shares[1:] == ["–"] * 4


def test_a_small_contribution_is_not_none_and_twins_are_one(record: Record) -> None:
    point = verification(record)[0]
    part = {"name": "noise", "evaluation": "A", "common": False, "source": "readings"}
    twins = [part | {"u": 0.003 * point.value}, part | {"u": 0.004 * point.value}]
    small = part | {"name": "zero", "u": 1e-6 * point.value}
    none = part | {"name": "tilt", "u": 0.0}
    sheet = budget([replace(point, components=[*twins, small, none])])
    assert sheet is not None
    assert [(row.name, row.shares) for row in sheet.rows] == [
        ("noise", ["0.50"]),
        ("zero", ["< 0.01"]),
        ("tilt", ["0.00"]),
    ]


def test_degrees_of_freedom_and_check_are_those_of_the_record(
    record: Record, complete: Record
) -> None:
    old, new = budget(verification(record)), budget(verification(complete))
    assert old is not None
    assert new is not None
    assert (old.dof, old.coverage_factor, old.interval) == (["–"] * 5, ["2"] * 5, ["–"] * 5)
    assert (new.dof, new.coverage_factor) == (["∞"] * 5, ["2"] * 5)
    assert new.interval == ["validated"] * 5
    point = verification(complete)[0]
    refuted = replace(point, k=2.87, dof=4.0, monte_carlo={"validated": False})
    one = budget([refuted])
    assert one is not None
    assert (one.dof, one.coverage_factor, one.interval) == (["4"], ["2.87"], ["not validated"])
