"""No message, however odd, stops the virtual loggers: each is executed or makes an error."""

import asyncio
from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledcal.instruments.virtual.bench import Bench
from ledcal.instruments.virtual.clock import BenchClock
from ledcal.instruments.virtual.daq_models import AGILENT_34972A, DAQ970A, LoggerModel
from ledcal.instruments.virtual.detectors import Thermocouple
from ledcal.instruments.virtual.multiplexer import Multiplexer
from ledcal.instruments.virtual.panel_firmware import PanelFirmware
from ledcal.instruments.virtual.thermocouple_logger import VirtualThermocoupleLogger
from ledcal.instruments.virtual.world import World

ARGUMENTS = st.sampled_from(
    [
        *("(@101)", "(@101:103,301)", "(@)", "(@201)", "(101)", "101", "100", "1", "0", "-1"),
        *("1e30", "1e-30", "2.5", "MIN", "MAX", "DEF", "INF", "ON", "OFF", "TC", "K", "RTD", "85"),
        *("INT", "BUS", "IMM", "TIM", "ABS", "WAIT", '"TEMP"', "'x'", '"', "", " ", "nan", "٣"),
    ]
)


def logger_of(model: LoggerModel) -> VirtualThermocoupleLogger:
    """Return a logger in a bench that nobody steps, a thousand times as fast as the real one."""
    world = World(1, "X")
    firmware = PanelFirmware(
        world, serial="X", seed=1, speed=1000.0, public_keys=[], production=False
    )
    wired = Thermocouple(name="surface", input=101, certified_correction_k=0.0, correction_k=0.0)
    multiplexer = Multiplexer(world.heat, (wired,), np.random.default_rng(1))
    return VirtualThermocoupleLogger(
        Bench(BenchClock(1000.0), world, firmware), multiplexer, model
    )


HEADERS = [
    header.replace("[", "").replace("]", "").replace("#", "")
    for header in logger_of(DAQ970A).headers()
]


async def answers(model: LoggerModel, messages: Iterable[str]) -> list[bytes | None]:
    """Execute messages; one that waits for what does not come is ended by the test."""
    logger = logger_of(model)
    found: list[bytes | None] = []
    for message in messages:
        octets = message.encode("latin-1", "replace")
        try:
            found.append(await asyncio.wait_for(logger.execute(octets), 0.02))
        except TimeoutError:
            found.append(None)
    found.append(await logger.execute(b"ABOR;*CLS;:SYST:ERR?"))
    return found


@pytest.mark.parametrize("model", [DAQ970A, AGILENT_34972A])
@settings(max_examples=40)
@given(
    sent=st.lists(st.tuples(st.sampled_from(HEADERS), st.lists(ARGUMENTS, max_size=4)), max_size=8)
)
def test_no_message_stops_it(model: LoggerModel, sent: list[tuple[str, list[str]]]) -> None:
    messages = [f"{header} {','.join(arguments)}" for header, arguments in sent]
    assert asyncio.run(answers(model, messages))[-1] == b'+0,"No error"'


def test_every_command_of_the_table_alone() -> None:
    found = asyncio.run(answers(DAQ970A, HEADERS))
    for header, reply in zip(HEADERS, found, strict=False):
        if not header.endswith("?"):
            assert reply is None, header
