"""Clients and drivers by others on the thermocouple logger: VXI-11, raw socket, two models."""

import socket
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

from tests.conformance.check import Check
from tests.conformance.client_environment import Client, Environments, first_available
from tests.conformance.running_bench import RunningBench, running_bench

Result = Literal["ok", "FAILED", "not run"]
_ROLE = "thermocouple_logger"
_VISA = ("pyvisa==1.16.2", "pyvisa-py==0.8.1")
LXI_WALL_S = 30.0
PORTMAPPER_PORT = 111

PYTHON_VXI11 = Client(
    name="python-vxi11",
    version="0.9",
    instrument=_ROLE,
    requirements=("python-vxi11==0.9",),
    script="logger_python_vxi11.py",
)
PYMEASURE = Client(
    name="PyMeasure SCPIMixin",
    version="0.16.0",
    instrument=_ROLE,
    requirements=("PyMeasure==0.16.0", *_VISA),
    script="logger_pymeasure.py",
)
# Its other devices need a window system; the logger's module needs only what stands here.
DVG_DEVICES = Client(
    name="dvg-devices 3497xA",
    version="1.8.1",
    instrument=_ROLE,
    requirements=(
        *("--no-deps", "dvg-devices==1.8.1", "dvg-debug-functions==2.5.0", "numpy==2.2.6"),
        *(*_VISA, "typing_extensions==4.15.0"),
    ),
    script="logger_dvg_devices.py",
)
DAQMON = Client(
    name="daqmon HP34970A",
    version="0.1.1",
    instrument=_ROLE,
    requirements=("pyserial==3.5",),
    alone=("daqmon==0.1.1",),
    script="logger_daqmon.py",
    optional="more than what is promised",
)
SEQUENCES = Client(
    name="public programs",
    version="-",
    instrument=_ROLE,
    requirements=(),
    script="logger_sequences.py",
)


def checks(bench: RunningBench, environments: Environments) -> Iterator[Check]:
    """Let each client speak with a DAQ970A, and those for its forerunner with a 34972A."""
    host, port = bench.address(_ROLE, "resource_socket")
    vxi11_port = _vxi11_port(bench)
    yield from environments.run(PYTHON_VXI11, host, str(vxi11_port))
    yield from environments.run(PYMEASURE, bench.resource(_ROLE, "resource_socket"))
    yield from environments.run(SEQUENCES, host, str(port))
    yield from _lxi(
        ("sends *IDN? over the raw socket", ["scpi", "-r", "-p", str(port), "-a", host, "*IDN?"]),
        ("asks 100 times over the raw socket", _benchmark(host, "-r", "-p", str(port))),
    )
    with running_bench("--logger", "34972A") as forerunner:
        yield from environments.run(DVG_DEVICES, forerunner.resource(_ROLE))
        host, port = forerunner.address(_ROLE, "resource_socket")
        yield from environments.run(DAQMON, host, str(port))
        of_forerunner = replace(SEQUENCES, name="public programs, 34972A")
        yield from environments.run(of_forerunner, host, str(port))
    yield from _by_portmapper(environments)


def _by_portmapper(environments: Environments) -> Iterator[Check]:
    """Let those speak that cannot name a port: they need port 111, which is root's."""
    exchange = "finds VXI-11 by the portmapper"
    if trouble := _port_taken(PORTMAPPER_PORT):
        yield _row("python-vxi11", "0.9", exchange, "not run", trouble)
        yield _row("lxi-tools", "-", exchange, "not run", trouble)
        return
    with running_bench("--portmapper"):
        by_portmapper = replace(PYTHON_VXI11, name="python-vxi11 by portmapper")
        yield from environments.run(by_portmapper, "127.0.0.1")
        yield from _lxi(
            (exchange + " and sends *IDN?", ["scpi", "-a", "127.0.0.1", "*IDN?"]),
            ("asks 100 times over VXI-11", _benchmark("127.0.0.1")),
        )


def _port_taken(port: int) -> str:
    """Return why a port cannot be listened on, or nothing."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as error:
        return f"port {port}: {error.strerror}; needs root and no other portmapper"
    return ""


def _benchmark(host: str, *options: str) -> list[str]:
    return ["benchmark", "-a", host, "-c", "100", *options]


def _lxi(*exchanges: tuple[str, list[str]]) -> Iterator[Check]:
    """Run lxi-tools, of Debian's package of that name, if it is installed."""
    program = first_available(["lxi"])
    if not program:
        for exchange, _ in exchanges:
            yield _row("lxi-tools", "-", exchange, "not run", "apt-get install lxi-tools")
        return
    version = _output([program, "--version"])[0].split()[-1]
    for exchange, arguments in exchanges:
        printed, trouble = _output([program, *arguments])
        if not trouble and "scpi" in arguments and "DAQ970A" not in printed:
            trouble = f"printed {printed!r}"
        yield _row("lxi-tools", version, exchange, "FAILED" if trouble else "ok", trouble)


def _output(command: list[str]) -> tuple[str, str]:
    """Return what a program printed, and what was wrong with it, if anything."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=LXI_WALL_S, check=False
        )
    except subprocess.TimeoutExpired:
        return "", f"no end within {LXI_WALL_S:.0f} s"
    wrong = done.returncode or "rror" in done.stderr
    return done.stdout, (done.stderr.strip() or "exit code not 0") if wrong else ""


def _vxi11_port(bench: RunningBench) -> int:
    _, host, *_ = bench.resource(_ROLE).split("::")
    return int(host.split(",")[1])


def _row(client: str, version: str, exchange: str, result: Result, detail: str) -> Check:
    return Check(
        client=client,
        version=version,
        instrument=_ROLE,
        exchange=exchange,
        result=result,
        detail=detail,
    )
