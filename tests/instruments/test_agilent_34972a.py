"""The 34972A's driver, where it differs from that of the DAQ970A."""

from collections.abc import Callable
from typing import Any

import pytest

from ledcal.instruments.agilent_34972a import Agilent34972A
from ledcal.instruments.errors import ReplyError, WrongInstrument
from ledcal.instruments.link import Bus
from ledcal.instruments.thermocouple_logger import KeysightDAQ970A

TABLE = {
    b"*IDN?": b"Agilent Technologies,34972A,MY4,1.17-1.12-02-02\n",
    b"SYST:ERR?": b'+0,"No error"\n',
    b"INST:DMM:INST?": b"1\n",
    b"INST:DMM?": b"1\n",
    b"ROUT:SCAN?": b"#210(@101,203)\n",
    b"READ?": b"+2.10000000E+01,+4.00000000E+01\n",
}
INPUTS = {"ambient": 101, "heatsink": 203}


@pytest.fixture
def scripted(serve: Any, scpi: Any, bus: Bus) -> Callable[..., KeysightDAQ970A]:
    def open_logger(
        table: dict[bytes, bytes], driver: type[KeysightDAQ970A] = Agilent34972A
    ) -> KeysightDAQ970A:
        peer = serve("socket", scpi(TABLE | table))
        return driver.open(bus, peer.resource, "MY4", INPUTS)

    return open_logger


def test_it_sets_the_junction_which_is_another_one_from_the_factory(
    scripted: Callable[..., KeysightDAQ970A], spoken: Callable[[str], bytes]
) -> None:
    logger = scripted({})
    assert logger.read().thermocouple_degc == {"ambient": 21.0, "heatsink": 40.0}
    sent = spoken("out")
    assert b"SENS:TEMP:TRAN:TC:RJUN:TYPE INT,(@101,203)\n" in sent
    assert sent.index(b"INST:DMM") < sent.index(b"*RST")


@pytest.mark.parametrize("query", [b"INST:DMM:INST?", b"INST:DMM?"])
def test_without_a_multimeter_that_works_it_is_refused(
    scripted: Callable[..., KeysightDAQ970A], query: bytes
) -> None:
    with pytest.raises(ReplyError, match="no multimeter that works"):
        scripted({query: b"0\n"})


def test_the_two_models_are_not_taken_for_one_another(
    scripted: Callable[..., KeysightDAQ970A],
) -> None:
    with pytest.raises(WrongInstrument, match="expected DAQ970A MY4, found 34972A MY4"):
        scripted({}, KeysightDAQ970A)
    with pytest.raises(WrongInstrument, match="expected 34972A MY4, found DAQ970A MY4"):
        scripted({b"*IDN?": b"Keysight Technologies,DAQ970A,MY4,A.02\n"})
