from dataclasses import replace

from ledcal.calibration.record import Record
from ledcal.reports.coefficients import coefficient_table, knot_table, models


def test_the_integers_of_the_file_are_printed_as_they_are(record: Record) -> None:
    below = replace(record.curves[1], b2=-3995)
    table = coefficient_table([record.curves[0], below, *record.curves[2:]])
    rows = dict(table.rows)
    assert rows["b2 as written / 2⁻⁴⁶ per (1/256 K)²"][1] == "−3995"
    assert table.channels == [1, 2, 3, 4, 5]
    assert rows["b1 as written / 2⁻³⁰ per 1/256 K"][0] == str(record.curves[0].b1)
    assert rows["b1 / K⁻¹"][0] == "0.007200"
    assert rows["Ceiling / mW/cm²"][0] == "6.300"
    assert rows["Expanded relative uncertainty U, k = 2 / %"][0] == "3.12"


def test_a_coefficient_without_uncertainty_or_in_one_channel_only(record: Record) -> None:
    first, second = record.curves[:2]
    odd = replace(first, coefficients=first.coefficients | {"x": 1.25}, coefficient_u={"a2": 0.01})
    rows = dict(coefficient_table([odd, second]).rows)
    assert rows["Fit: x"] == ["1.25", "–"]
    assert rows["Fit: a2"][0] == "0.050(10)"


def test_shorter_tables_are_filled_with_dashes(record: Record) -> None:
    first, second = record.curves[:2]
    short = replace(
        second,
        knot_drive_code=second.knot_drive_code[:2],
        knot_irradiance_w_m2=second.knot_irradiance_w_m2[:2],
    )
    rows = knot_table([first, short]).rows
    assert len(rows) == 16
    assert (rows[0][0], rows[0][1][0]) == ("1", str(first.knot_drive_code[0]))
    assert rows[-1][1][2:] == ["–", "–"]


def test_no_curve_no_table() -> None:
    assert knot_table([]).rows == []


def test_statistics_of_the_fit_are_rows_with_sensible_words(complete: Record) -> None:
    first, *others = complete.curves
    odd = replace(first, statistics=first.statistics | {"spread_rel": 0.25, "lag_s": 1.5})
    rows = dict(coefficient_table([odd, *others]).rows)
    assert rows["Fit: probability of so great a chi² or a greater / %"] == ["31.0"] * 5
    assert rows["Fit: probability of so few runs or fewer / %"] == ["< 0.1"] * 5
    assert rows["Fit: largest residual over its own u"] == ["−2.31"] * 5
    assert rows["Fit: runs of residuals of one sign"] == ["6"] * 5
    assert rows["Fit: error foretelling a point left out, r.m.s. / %"] == ["0.071"] * 5
    assert rows["Fit: lag"] == ["1.5 s", "–", "–", "–", "–"]


def test_one_model_for_all_channels_needs_no_list(record: Record) -> None:
    assert models(record.curves) == [(record.curves[0].model, "")]
    assert models([]) == []
