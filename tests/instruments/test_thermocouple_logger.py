"""The thermocouple logger's driver, against the virtual bench and against odd answers."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ledcal.instruments.dialogue import Framing
from ledcal.instruments.errors import (
    DeviceError,
    LinkLost,
    LinkTimeout,
    OpenThermocouple,
    ReplyError,
    WrongInstrument,
)
from ledcal.instruments.link import Bus
from ledcal.instruments.thermocouple_logger import KeysightDAQ970A, ThermocoupleLogger

Truth = Callable[[dict[str, Any]], dict[str, Any]]


@pytest.fixture(scope="module", params=["resource", "resource_socket"])
def logger(
    request: pytest.FixtureRequest, bench: dict[str, Any], bench_bus: Bus
) -> Iterator[ThermocoupleLogger]:
    said = bench["instruments"]["thermocouple_logger"]
    logger = KeysightDAQ970A.open(
        bench_bus, said[request.param], said["serial"], said["thermocouples"]
    )
    yield logger
    logger.close()


def test_identity(logger: ThermocoupleLogger, bench: dict[str, Any]) -> None:
    assert logger.identity.model == "DAQ970A"
    assert logger.identity.serial == bench["instruments"]["thermocouple_logger"]["serial"]


def test_scan_gives_every_thermocouple_by_name(logger: ThermocoupleLogger) -> None:
    first, second = logger.read(), logger.read()
    assert set(first.thermocouple_degc) == {"ambient", "surface", "heatsink"}
    assert all(15 < value < 35 for value in first.thermocouple_degc.values())
    assert first.at < second.at


def test_open_thermocouple_is_named(logger: ThermocoupleLogger, truth: Truth) -> None:
    truth({"set": "open_thermocouple", "value": "surface"})
    try:
        with pytest.raises(OpenThermocouple, match="'surface' at input 102 is open") as error:
            logger.read()
        assert error.value.name == "surface"
    finally:
        truth({"set": "open_thermocouple", "value": None})
    assert "surface" in logger.read().thermocouple_degc


def test_query_that_the_logger_does_not_know_leaves_nothing(
    bench: dict[str, Any], bench_bus: Bus
) -> None:
    link = bench_bus.open(
        bench["instruments"]["thermocouple_logger"]["resource"],
        instrument="thermocouple logger",
        framing=Framing(),
    )
    with pytest.raises(LinkTimeout, match=r"no answer to FOO\?"):
        link.query("FOO?")
    assert link.query("*IDN?") == link.identity
    with pytest.raises(DeviceError, match="-113"):
        link.check_errors("FOO?")
    link.close()


TABLE = {
    b"*IDN?": b"Keysight Technologies,DAQ970A,MY1,A.02\n",
    b"SYST:ERR?": b'+0,"No error"\n',
    b"ROUT:SCAN?": b"#210(@101,203)\n",
    b"READ?": b"+2.10000000E+01,+4.00000000E+01\n",
}
INPUTS = {"heatsink": 203, "ambient": 101}


@pytest.fixture
def scripted(serve: Any, scpi: Any, bus: Bus) -> Callable[..., KeysightDAQ970A]:
    def open_logger(table: dict[bytes, bytes], serial: str = "MY1") -> KeysightDAQ970A:
        peer = serve("socket", scpi(TABLE | table))
        return KeysightDAQ970A.open(bus, peer.resource, serial, INPUTS)

    return open_logger


def test_readings_come_in_order_of_the_inputs_not_of_the_names(
    scripted: Callable[..., KeysightDAQ970A],
) -> None:
    assert scripted({}).read().thermocouple_degc == {"ambient": 21.0, "heatsink": 40.0}


@pytest.mark.parametrize("reply", [b"+2.1E+01", b"+2.1E+01,+4E+01,+1E+01", b"a,b", b"21 C,40 C"])
def test_malformed_scan_is_refused(reply: bytes, scripted: Callable[..., KeysightDAQ970A]) -> None:
    with pytest.raises(ReplyError, match=r"READ\?"):
        scripted({b"READ?": reply + b"\n"}).read()


@pytest.mark.parametrize("value", [b"+9.90000000E+37", b"-9.90000000E+37", b"+9.91E+37"])
def test_overload_of_either_sign_is_open(
    value: bytes, scripted: Callable[..., KeysightDAQ970A]
) -> None:
    with pytest.raises(OpenThermocouple, match="'heatsink'"):
        scripted({b"READ?": b"+2.1E+01," + value + b"\n"}).read()


def test_scan_list_is_read_back(scripted: Callable[..., KeysightDAQ970A]) -> None:
    with pytest.raises(ReplyError, match="multiplexer"):
        scripted({b"ROUT:SCAN?": b"#13(@)\n"})


def test_another_serial_number_is_refused(scripted: Callable[..., KeysightDAQ970A]) -> None:
    with pytest.raises(WrongInstrument):
        scripted({}, "MY2")


@pytest.mark.parametrize("inputs", [{}, {"ambient": 101, "surface": 101}])
def test_thermocouples_need_an_input_each(inputs: dict[str, int], bus: Bus) -> None:
    with pytest.raises(ValueError, match="input of its own"):
        KeysightDAQ970A.open(bus, "TCPIP::127.0.0.1::1::SOCKET", "MY1", inputs)


def test_link_to_a_dead_logger_is_lost(scripted: Callable[..., KeysightDAQ970A], bus: Bus) -> None:
    with pytest.raises(LinkLost):
        KeysightDAQ970A.open(bus, "TCPIP::127.0.0.1::1::SOCKET", "MY1", INPUTS)
