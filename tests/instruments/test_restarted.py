"""Drivers whose instrument was switched off and on, or exchanged, in the middle of the work."""

import gc
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pytest

from ledcal.instruments import exchange
from ledcal.instruments.errors import (
    DeviceError,
    InstrumentRestarted,
    LinkLost,
    LinkTimeout,
    ReplyError,
    WrongInstrument,
)
from ledcal.instruments.link import Bus
from ledcal.instruments.power_meter import ThorlabsPM103
from ledcal.instruments.spectrometer import JetiSpecbos1211
from ledcal.instruments.thermocouple_logger import KeysightDAQ970A

_T = TypeVar("_T")
Truth = Callable[[dict[str, Any]], dict[str, Any]]
LOST = (LinkLost, LinkTimeout, ReplyError)


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "FIXED_WAIT_S", 1.0)


@pytest.fixture
def strike(truth: Truth) -> Callable[..., None]:
    def plan(on: str, fault: str, value: Any, **keys: Any) -> None:
        truth({"set": "fault", "value": {"fault": fault, "on": on, "value": value, **keys}})

    return plan


@pytest.fixture
def meter(bench: dict[str, Any], bench_bus: Bus) -> Iterator[ThorlabsPM103]:
    said = bench["instruments"]["power_meter"]
    meter = ThorlabsPM103.open(bench_bus, said["resource"], said["serial"])
    yield meter
    meter.close()


@pytest.fixture
def spectrometer(bench: dict[str, Any], bench_bus: Bus) -> Iterator[JetiSpecbos1211]:
    said = bench["instruments"]["spectrometer"]
    spectrometer = JetiSpecbos1211.open(bench_bus, said["resource"], said["serial"])
    yield spectrometer
    spectrometer.close()


@pytest.fixture(params=["resource", "resource_socket"])
def logger(
    request: pytest.FixtureRequest, bench: dict[str, Any], bench_bus: Bus
) -> Iterator[KeysightDAQ970A]:
    said = bench["instruments"]["thermocouple_logger"]
    logger = KeysightDAQ970A.open(
        bench_bus, said[request.param], said["serial"], said["thermocouples"]
    )
    yield logger
    logger.close()


def test_what_a_lost_reading_left_in_the_queue_is_no_fault_of_the_next_command(
    meter: ThorlabsPM103,
) -> None:
    link = vars(meter)["_link"]
    # A reading that gives up says nothing, and -230 stands in the queue.
    with pytest.raises(LinkTimeout):
        link.query("FETC?")
    assert meter.set_wavelength_nm(700.0) == 700.0
    with pytest.raises(LinkTimeout):
        link.query("SENS:NONSENSE?")
    with pytest.raises(DeviceError, match="-113"):
        meter.set_wavelength_nm(701.0)


def _until_read(read: Callable[[], _T]) -> _T:
    """Read again after a lost answer, as the rig does."""
    for _ in range(2):
        try:
            return read()
        except LOST:
            continue
    return read()


def test_meter_that_was_off_is_never_read_again(
    meter: ThorlabsPM103, strike: Callable[..., None]
) -> None:
    meter.zero()
    meter.read()
    # So short that no answer is lost: nothing but the meter itself can tell.
    strike("power_meter", "power_off", True, for_s=0.1)
    for _ in range(2):
        with pytest.raises(
            InstrumentRestarted, match="its zero and its settings are lost; see to"
        ):
            _until_read(meter.read)


# pyvisa-py leaves the socket of a VXI-11 link that could not be opened to the collector.
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_logger_that_was_off_is_set_up_again(
    logger: KeysightDAQ970A, strike: Callable[..., None]
) -> None:
    before = logger.read().thermocouple_degc
    strike("thermocouple_logger", "power_off", True, command="READ?", for_s=4.0)
    with pytest.raises(LOST):
        logger.read()
    after = _until_read(logger.read).thermocouple_degc
    assert after == pytest.approx(before, abs=2.0)
    gc.collect()


def test_spectrometer_that_was_off_is_set_up_again(
    spectrometer: JetiSpecbos1211, strike: Callable[..., None]
) -> None:
    strike("spectrometer", "power_off", True, command="*CONF:TINT", for_s=4.0)
    with pytest.raises(LOST):
        spectrometer.read(integration_s=0.02)
    seen = _until_read(lambda: spectrometer.read(integration_s=0.02))
    assert seen.wavelength_nm.size == 651
    assert seen.integration_s == pytest.approx(0.02)


def test_spectrum_whose_settings_were_lost_on_the_way_is_dropped(
    spectrometer: JetiSpecbos1211, strike: Callable[..., None]
) -> None:
    # The second acknowledgement makes the link find its way back and send all settings again,
    # after those of this spectrum have been sent.
    strike("spectrometer", "duplicate_reply", True, command="*CONF:TINT")
    # With light it ends as "lost its step while it measured", in the dark the search for an
    # exposure takes longer than the spectrum was allowed.
    with pytest.raises(LOST):
        spectrometer.read(integration_s=0.05)
    assert _until_read(lambda: spectrometer.read(integration_s=0.05)).integration_s == 0.05


def test_spectrum_whose_time_is_asked_of_settings_sent_anew_is_dropped(
    spectrometer: JetiSpecbos1211, strike: Callable[..., None]
) -> None:
    # The second spectrum is met by the question for the integration time: all settings are sent
    # again before it is asked, and its answer would be theirs.
    strike("spectrometer", "duplicate_reply", True, command="*MEAS:SPRAD")
    with pytest.raises(ReplyError, match="lost its step"):
        spectrometer.read(integration_s=0.05)
    assert _until_read(lambda: spectrometer.read(integration_s=0.05)).integration_s == 0.05


def test_another_spectrometer_is_refused_by_its_serial_number(
    spectrometer: JetiSpecbos1211, strike: Callable[..., None]
) -> None:
    # Its identity query has no serial number: JETI_SB1211 is every one of them.
    strike("spectrometer", "other_instrument", "2099999", for_s=60.0)
    strike("spectrometer", "dropped_connection", 0, command="*MEAS:SPRAD")
    with pytest.raises(LinkLost):
        spectrometer.read(integration_s=0.02)
    with pytest.raises(WrongInstrument, match="expected SB1211 2011042, found SB1211 2099999"):
        spectrometer.read(integration_s=0.02)
