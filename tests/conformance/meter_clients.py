"""Drivers by others on the power meter's serial line."""

from collections.abc import Iterator

from tests.conformance.check import Check
from tests.conformance.client_environment import Client, Environments
from tests.conformance.running_bench import RunningBench

_VISA = ("pyvisa==1.16.2", "pyvisa-py==0.8.1", "pyserial==3.5")

PYMEASURE = Client(
    name="PyMeasure ThorlabsPM100USB",
    version="0.16.0",
    instrument="power_meter",
    requirements=("PyMeasure==0.16.0", *_VISA),
    script="meter_pymeasure.py",
)
THORLABS_PM100 = Client(
    name="ThorlabsPM100",
    version="1.2.2",
    instrument="power_meter",
    requirements=("ThorlabsPM100==1.2.2", *_VISA),
    script="meter_thorlabs_pm100.py",
)


def checks(bench: RunningBench, environments: Environments) -> Iterator[Check]:
    """Let each driver read the light of one channel."""
    bench.light(5)
    for client in (PYMEASURE, THORLABS_PM100):
        yield from environments.run(client, bench.resource("power_meter"))
