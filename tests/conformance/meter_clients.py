"""Drivers by others on the power meter's serial line."""

from collections.abc import Iterator

from tests.conformance.check import Check
from tests.conformance.client_environment import Client, Environments
from tests.conformance.running_bench import RunningBench

_VISA = ("pyvisa==1.16.2", "pyvisa-py==0.8.1", "pyserial==3.5")
_NEWER = "more than what is promised"


def _client(name: str, version: str, package: str, script: str, optional: str = "") -> Client:
    return Client(
        name=name,
        version=version,
        instrument="power_meter",
        requirements=(f"{package}=={version}", *_VISA),
        script=script,
        optional=optional,
    )


CLIENTS = (
    _client("PyMeasure ThorlabsPM100USB", "0.16.0", "PyMeasure", "meter_pymeasure.py"),
    _client("ThorlabsPM100", "1.2.2", "ThorlabsPM100", "meter_thorlabs_pm100.py"),
    _client("pylablib GenericPM", "1.4.5", "pylablib", "meter_pylablib.py", _NEWER),
    _client("pyThorlabsPM100x", "0.30", "pyThorlabsPM100x", "meter_pm100x.py", _NEWER),
    _client("labmcp-thorlabs-pm", "0.1.2", "labmcp-thorlabs-pm", "meter_labmcp.py", _NEWER),
    _client("Instrumental PM100D", "0.8", "Instrumental-lib", "meter_instrumental.py", _NEWER),
    _client(
        "QCoDeS contrib PM100D", "0.24.1", "qcodes_contrib_drivers", "meter_qcodes.py", _NEWER
    ),
)


def checks(bench: RunningBench, environments: Environments) -> Iterator[Check]:
    """Let each driver read the light of one channel."""
    bench.light(5)
    for client in CLIENTS:
        bench.settle()
        yield from environments.run(client, bench.resource("power_meter"))
