"""The spectroradiometer's driver, against the virtual bench and against odd answers."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from ledcal.instruments.errors import (
    DeviceError,
    InstrumentError,
    LinkTimeout,
    ReplyError,
    Saturated,
    Underexposed,
    WrongInstrument,
)
from ledcal.instruments.link import Bus
from ledcal.instruments.panel import LedcalPanel
from ledcal.instruments.spectrometer import JetiSpecbos1211, Spectrometer

ACK, NAK, BEL = b"\x06", b"\x15", b"\x07"


@pytest.fixture(scope="module")
def spectrometer(bench: dict[str, Any], bench_bus: Bus) -> Iterator[Spectrometer]:
    said = bench["instruments"]["spectrometer"]
    spectrometer = JetiSpecbos1211.open(bench_bus, said["resource"], said["serial"])
    yield spectrometer
    spectrometer.close()


@pytest.fixture
def lit(bench: dict[str, Any], bench_bus: Bus) -> Iterator[LedcalPanel]:
    said = bench["instruments"]["panel"]
    panel = LedcalPanel.open(bench_bus, said["resource"], said["serial"])
    panel.set_drive_code(2, 65535)
    panel.set_output(2, True)
    yield panel
    panel.dark()
    panel.close()


def test_identity(spectrometer: Spectrometer, bench: dict[str, Any]) -> None:
    said = bench["instruments"]["spectrometer"]
    assert spectrometer.identity.maker == "JETI"
    assert spectrometer.identity.serial == said["serial"]
    assert spectrometer.resource_name == said["resource"]


@pytest.mark.usefixtures("lit")
def test_spectrum_with_the_instruments_own_exposure(spectrometer: Spectrometer) -> None:
    seen = spectrometer.read()
    assert seen.wavelength_nm.shape == seen.irradiance_w_m2_nm.shape == (651,)
    assert (seen.wavelength_nm[0], seen.wavelength_nm[-1]) == (350, 1000)
    assert np.isfinite(seen.irradiance_w_m2_nm).all()
    assert 650 < seen.wavelength_nm[seen.irradiance_w_m2_nm.argmax()] < 675
    assert 0 < seen.integration_s < 6
    assert seen.averages == 1


@pytest.mark.usefixtures("lit")
def test_fixed_integration_time_gives_the_same_spectrum(spectrometer: Spectrometer) -> None:
    auto = spectrometer.read(averages=4)
    fixed = spectrometer.read(integration_s=auto.integration_s, averages=4)
    assert fixed.integration_s == auto.integration_s
    assert fixed.averages == 4
    assert fixed.irradiance_w_m2_nm.max() == pytest.approx(auto.irradiance_w_m2_nm.max(), rel=0.02)


@pytest.mark.usefixtures("lit")
def test_too_much_light_is_saturation(spectrometer: Spectrometer) -> None:
    with pytest.raises(Saturated, match=r"spectrometer SB1211 .* shorter integration time"):
        spectrometer.read(integration_s=2.0)


@pytest.mark.parametrize("integration_s", [0.0, 0.0005, 61.0, float("nan")])
def test_impossible_integration_time_is_loud(
    integration_s: float, spectrometer: Spectrometer
) -> None:
    with pytest.raises(ValueError, match="outside"):
        spectrometer.read(integration_s=integration_s)


@pytest.mark.parametrize("averages", [0, 10001])
def test_impossible_averages_are_loud(averages: int, spectrometer: Spectrometer) -> None:
    with pytest.raises(ValueError, match="outside"):
        spectrometer.read(averages=averages)


SPECTRUM = b"".join(b"%d.5E-3\r" % n for n in range(4)) + b"\r"
QUERIES = {
    b"*IDN?": b"JETI_SB1211\r",
    b"*VERS?": b"V3.01\r",
    b"*PARA:SPNUM?": b"spectrometer number: 2011042\r",
    b"*PARA:WAVBEG?": b"Predefined start wave: 350\r",
    b"*PARA:WAVEND?": b"Predefined end wave: 353\r",
    b"*CONTR:MHEAD?": b"mhead: 1\r",
    b"*CONTR:LASER?": b"laser: 0\r",
    b"*CONF:TINT?": b"Previous tint:\t  40\rConfigured tint:\t  50\r",
    b"*MEAS:SPRAD": ACK + BEL + SPECTRUM,
}
Open = Callable[..., JetiSpecbos1211]


@pytest.fixture(params=["pty", "socket"])
def scripted(request: pytest.FixtureRequest, serve: Any, bus: Bus) -> Open:
    def open_spectrometer(table: dict[bytes, bytes], serial: str = "2011042") -> JetiSpecbos1211:
        # ESC comes without an end, so it stands before the next command.
        peer = serve(
            request.param, lambda line: (QUERIES | table).get(line.lstrip(b"\x1b"), ACK), b"\r"
        )
        return JetiSpecbos1211.open(bus, peer.resource, serial)

    return open_spectrometer


@pytest.mark.parametrize("label", [b"", b"Spectral irradiance[W/(sqm*nm)]:\r\r"])
def test_firmware_with_and_without_a_label(label: bytes, scripted: Open) -> None:
    seen = scripted({b"*MEAS:SPRAD": ACK + BEL + label + SPECTRUM}).read()
    assert seen.irradiance_w_m2_nm.tolist() == [0.5e-3, 1.5e-3, 2.5e-3, 3.5e-3]
    assert seen.wavelength_nm.tolist() == [350, 351, 352, 353]
    assert seen.integration_s == 0.04


@pytest.mark.parametrize(
    ("code", "error"),
    [(120, Saturated), (121, Underexposed), (141, DeviceError), (999, DeviceError)],
)
@pytest.mark.parametrize("when", [NAK, ACK + NAK])
def test_refused_measurement_is_typed(
    when: bytes, code: int, error: type[InstrumentError], scripted: Open
) -> None:
    spectrometer = scripted({b"*MEAS:SPRAD": when, b"*STAT:ERR?": b"Error Code: %d\r" % code})
    with pytest.raises(error):
        spectrometer.read()
    with pytest.raises(error):
        spectrometer.read(integration_s=0.1)


@pytest.mark.parametrize(
    "block",
    [
        b"1\r2\r3\r\r",
        b"1\r2\r3\r4\r5\r\r",
        b"1\r2\r3\rx\r\r",
        b"1\r2\r3\rNAN\r\r",
        b"label\r1\r2\r3\r4\r\r",
    ],
)
def test_malformed_spectrum_is_refused_and_leaves_nothing(block: bytes, scripted: Open) -> None:
    spectrometer = scripted({b"*MEAS:SPRAD": ACK + BEL + block})
    for _ in range(2):
        with pytest.raises(ReplyError):
            spectrometer.read()


@pytest.mark.usefixtures("impatient")
def test_spectrum_that_stops_half_way_is_a_timeout(scripted: Open) -> None:
    spectrometer = scripted({b"*MEAS:SPRAD": ACK + BEL + b"1\r2\r"})
    with pytest.raises(LinkTimeout):
        spectrometer.read(integration_s=0.001)


@pytest.mark.parametrize(
    ("table", "serial", "found"),
    [
        ({}, "1", "SB1211 2011042"),
        ({b"*IDN?": b"JETI_SB1201\r"}, "2011042", "SB1201 2011042"),
        ({b"*CONTR:MHEAD?": b"mhead: 0\r"}, "2011042", "radiance"),
    ],
)
def test_wrong_instrument_or_head_is_refused(
    table: dict[bytes, bytes], serial: str, found: str, scripted: Open
) -> None:
    with pytest.raises(WrongInstrument, match=found):
        scripted(table, serial)


@pytest.mark.parametrize("reply", [b"laser: 1\r", b"on\r", b"\r"])
def test_laser_that_stays_on_is_refused(reply: bytes, scripted: Open) -> None:
    with pytest.raises(ReplyError, match=r"laser|LASER"):
        scripted({b"*CONTR:LASER?": reply})


def test_setting_that_is_refused_names_the_command(scripted: Open) -> None:
    with pytest.raises(DeviceError, match=r"21, 'error config argument' after '\*CONF:FORM 4'"):
        scripted({b"*CONF:FORM 4": NAK, b"*STAT:ERR?": b"Error Code: 21\r"})
