import xml.etree.ElementTree as ElementTree

from ledcal.calibration.record import Record
from ledcal.reports.curve_figure import curve_figure, residual_reach

SVG = "{http://www.w3.org/2000/svg}"


def test_curve_and_residuals_share_the_drive_axis(record: Record) -> None:
    curve = record.curves[0]
    figure = curve_figure(curve, "630 nm", residual_reach(record.curves))
    circles = list(ElementTree.fromstring(figure).iter(f"{SVG}circle"))
    across = [circle.get("cx") for circle in circles]
    assert len(across) == 2 * len(curve.points)
    assert across[: len(curve.points)] == across[len(curve.points) :]


def test_residuals_share_one_scale_that_holds_them_all(record: Record) -> None:
    reach = residual_reach(record.curves)
    assert all(abs(100 * p["residual_rel"]) <= reach for c in record.curves for p in c.points)
    assert residual_reach([]) == 0.05
