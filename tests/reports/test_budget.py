from dataclasses import replace

from ledcal.calibration.record import Record
from ledcal.reports.budget import budget
from ledcal.reports.results import verification


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


def test_each_channel_has_its_degrees_of_freedom_and_its_check(record: Record) -> None:
    points = verification(record)
    few = {"name": "few", "u": points[0].value / 100, "dof": 4.0, "evaluation": "A"}
    only = [few | {"common": False, "source": "readings"}]
    checked = {"validated": True}
    whole = budget(points)
    assert whole is not None
    assert (whole.dof, whole.coverage_factor) == (["∞"] * 5, ["2.00"] * 5)
    assert whole.interval == ["–"] * 5
    one = budget([replace(points[0], components=only, monte_carlo=checked)])
    assert one is not None
    assert (one.dof, one.coverage_factor, one.interval) == (["4"], ["2.87"], ["confirmed"])
    refuted = budget([replace(points[0], monte_carlo={"validated": False})])
    assert refuted is not None
    assert refuted.interval == ["not confirmed"]
