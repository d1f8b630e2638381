"""The power meter's driver, against the virtual bench and against odd answers."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ledcal.instruments.errors import (
    LinkLost,
    OverRange,
    ReplyError,
    WrongInstrument,
    ZeroFailed,
)
from ledcal.instruments.link import Bus
from ledcal.instruments.panel import LedcalPanel
from ledcal.instruments.power_meter import PowerMeter, ThorlabsPM103

Truth = Callable[[dict[str, Any]], dict[str, Any]]


@pytest.fixture(scope="module")
def meter(bench: dict[str, Any], bench_bus: Bus) -> Iterator[PowerMeter]:
    said = bench["instruments"]["power_meter"]
    meter = ThorlabsPM103.open(bench_bus, said["resource"], said["serial"])
    yield meter
    meter.close()


@pytest.fixture
def panel(bench: dict[str, Any], bench_bus: Bus) -> Iterator[LedcalPanel]:
    said = bench["instruments"]["panel"]
    panel = LedcalPanel.open(bench_bus, said["resource"], said["serial"])
    yield panel
    panel.dark()
    panel.close()


def _light(panel: LedcalPanel) -> None:
    panel.set_drive_code(1, 65535)
    panel.set_output(1, True)


def test_identity_and_head(meter: PowerMeter, bench: dict[str, Any]) -> None:
    said = bench["instruments"]["power_meter"]
    assert (meter.identity.model, meter.identity.serial) == ("PM103", said["serial"])
    assert meter.resource_name == said["resource"]
    assert meter.head().model == "S121C"


def test_reading_is_the_power_in_the_aperture(
    meter: PowerMeter, panel: LedcalPanel, truth: Truth
) -> None:
    meter.zero()
    assert meter.set_wavelength_nm(629.8) == 630
    meter.set_averaging_s(0.2)
    _light(panel)
    meter.read()
    seen = meter.read()
    true_w_m2 = truth({"ask": "state"})["irradiance_w_m2"]["1"]
    # The aperture is 9.5 mm wide; the head and its stand may err by their certificates.
    assert seen.power_w == pytest.approx(true_w_m2 * 70.88e-6, rel=0.06)
    assert seen.wavelength_nm == 630
    assert seen.averaging_s == pytest.approx(0.2)
    assert seen.power_w <= seen.range_w


def test_fixed_range_is_kept_and_over_range_is_no_number(
    meter: PowerMeter, panel: LedcalPanel
) -> None:
    assert meter.set_range_w(1e-6) >= 1e-6
    _light(panel)
    with pytest.raises(OverRange, match=r"power meter PM103 .* over the range of .* higher range"):
        meter.read()
    meter.set_autorange()
    assert meter.read().power_w > 1e-3


def test_zeroing_in_light_is_refused(meter: PowerMeter, panel: LedcalPanel) -> None:
    _light(panel)
    with pytest.raises(ZeroFailed):
        meter.zero()
    panel.dark()
    meter.zero()


@pytest.mark.parametrize("wavelength_nm", [399.0, 1101.0, float("nan"), float("inf")])
def test_wavelength_outside_the_head_is_loud(wavelength_nm: float, meter: PowerMeter) -> None:
    with pytest.raises(ValueError, match="outside 400 to 1100 nm"):
        meter.set_wavelength_nm(wavelength_nm)


@pytest.mark.parametrize("averaging_s", [0.0, -1.0, 2.1, float("nan")])
def test_averaging_that_the_meter_cannot_is_loud(averaging_s: float, meter: PowerMeter) -> None:
    with pytest.raises(ValueError, match="outside"):
        meter.set_averaging_s(averaging_s)


def test_line_that_is_in_use_is_not_opened_again(meter: PowerMeter, bench_bus: Bus) -> None:
    with pytest.raises(LinkLost, match="no other program holds it"):
        ThorlabsPM103.open(bench_bus, meter.resource_name, meter.identity.serial)


def _scripted(serve: Any, scpi: Any, table: dict[bytes, bytes]) -> str:
    replies = {
        b"*IDN?": b"Thorlabs,PM103,M1,1.3.0\n",
        b"SYST:SENS:IDN?": b'"S121C","1606,0232","2-FEB-2026",1,18,289\n',
        b"SENS:AVER:COUN?": b"100\n",
        b"*ESR?": b"0\n",
        b"SENS:POW:RANG:UPP?": b"5.00000000E-02\n",
        b"SENS:CORR:WAV?": b"6.60000000E+02\n",
        b"SENS:CORR:WAV? MIN": b"400\n",
        b"SENS:CORR:WAV? MAX": b"1100\n",
    }
    resource: str = serve("pty", scpi(replies | table)).resource
    return resource


def test_another_serial_number_is_refused(serve: Any, scpi: Any, bus: Bus) -> None:
    with pytest.raises(WrongInstrument, match="expected PM103 M2, found PM103 M1") as error:
        ThorlabsPM103.open(bus, _scripted(serve, scpi, {}), "M2")
    assert (error.value.expected, error.value.found) == ("PM103 M2", "PM103 M1")


def test_head_that_measures_energy_is_refused(serve: Any, scpi: Any, bus: Bus) -> None:
    energy = {b"SYST:SENS:IDN?": b'"ES111C","1","2-FEB-2026",3,1,2\n'}
    with pytest.raises(WrongInstrument, match="ES111C 1 with flags 2"):
        ThorlabsPM103.open(bus, _scripted(serve, scpi, energy), "M1")


@pytest.mark.parametrize("reply", [b"", b"1.0E-3 W", b"1.0E-3,2.0E-3", b"--"])
def test_what_is_not_a_number_is_no_reading(reply: bytes, serve: Any, scpi: Any, bus: Bus) -> None:
    meter = ThorlabsPM103.open(bus, _scripted(serve, scpi, {b"READ?": reply + b"\n"}), "M1")
    with pytest.raises(ReplyError, match=r"READ\?"):
        meter.read()
    assert meter.head().serial == "1606,0232"


@pytest.mark.parametrize("reply", [b"9.9E+37", b"-9.9E+37", b"9.91E+37", b"INFINITY", b"NAN"])
def test_every_spelling_of_over_range(reply: bytes, serve: Any, scpi: Any, bus: Bus) -> None:
    meter = ThorlabsPM103.open(bus, _scripted(serve, scpi, {b"READ?": reply + b"\n"}), "M1")
    with pytest.raises(OverRange, match=r"range of 0\.05 W"):
        meter.read()


def test_wavelength_that_the_meter_did_not_take(serve: Any, scpi: Any, bus: Bus) -> None:
    meter = ThorlabsPM103.open(bus, _scripted(serve, scpi, {}), "M1")
    with pytest.raises(ReplyError, match="was set to 631 nm and uses 660 nm"):
        meter.set_wavelength_nm(631)
