from dataclasses import replace

from ledcal.calibration.record import Record
from ledcal.reports.beam import beams
from ledcal.reports.results import channel_names


def test_each_channel_says_what_treatments_are_reported_with(complete: Record) -> None:
    found = beams(complete, channel_names(complete))
    assert [one.channel for one in found] == [1, 2, 3, 4, 5]
    second = found[1]
    assert second.name == "660 nm"
    # 120 W/m2 for a minute are 0.72 J/cm2.
    irradiance, _ = second.irradiance
    assert abs(float(irradiance) - 12.0) < 0.3
    assert abs(float(second.radiant_exposure[0]) - 0.06 * float(irradiance)) < 0.006


def test_the_peak_may_stand_beside_the_centroid(complete: Record) -> None:
    of_one = (m for m in complete.measured if m.channel == 1)
    wanted = next(m for m in of_one if m.measurand == "centroid")
    beside = replace(wanted, where=wanted.where | {"peak_nm": 634.44})
    assert beams(replace(complete, measured=[beside]), {1: "x"})[0].peak == "634.4"


def test_what_was_not_measured_is_a_dash(complete: Record) -> None:
    (bare,) = beams(replace(complete, measured=[]), {7: "?"})
    assert {bare.peak, *bare.centroid, *bare.fwhm, *bare.irradiance} == {"–"}
