"""Serve the virtual bench: `python -m ledcal.instruments.virtual --folder DIR`.

Prints one line of JSON when everything listens, then serves until its standard input ends (its
parent closed it or died) or a signal asks it to stop.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from ledcal.instruments.virtual import (
    certificates,
    power_meter,
    spectrometer,
    thermocouple_logger,
)
from ledcal.instruments.virtual.bench import Bench
from ledcal.instruments.virtual.clock import BenchClock
from ledcal.instruments.virtual.conditions import Conditions
from ledcal.instruments.virtual.detectors import Heads, draw_heads
from ledcal.instruments.virtual.firmware_conditions import firmware_conditions
from ledcal.instruments.virtual.instrument_conditions import Instruments, instrument_conditions
from ledcal.instruments.virtual.jeti_port import JetiPort
from ledcal.instruments.virtual.multiplexer import Multiplexer
from ledcal.instruments.virtual.panel import VirtualPanel
from ledcal.instruments.virtual.panel_conditions import panel_conditions
from ledcal.instruments.virtual.panel_firmware import PanelFirmware
from ledcal.instruments.virtual.transports import (
    LOOPBACK,
    ScpiSession,
    SerialPort,
    port_of,
    serve_tcp,
)
from ledcal.instruments.virtual.truth import Truth, TruthSession
from ledcal.instruments.virtual.vxi11 import Vxi11Server
from ledcal.instruments.virtual.world import World

INPUTS = {"ambient": 101, "surface": 102, "heatsink": 103}


def main() -> None:
    """Serve until standard input ends or a signal comes."""
    options = _options()
    asyncio.run(serve(options))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m ledcal.instruments.virtual",
        description="Serve the virtual bench: three emulated instruments and an emulated panel.",
    )
    parser.add_argument("--folder", type=Path, required=True, help="where the certificates go")
    parser.add_argument("--speed", type=float, default=1.0, help="bench seconds in a second")
    parser.add_argument("--seed", type=int, default=1, help="draws the bench and the panel")
    parser.add_argument("--serial", default="DEMO-0001", help="panel serial, NONE for no serial")
    parser.add_argument(
        "--trust",
        type=_public_key,
        action="append",
        default=[],
        metavar="HEX",
        help="raw Ed25519 public key that the panel trusts; may be repeated",
    )
    parser.add_argument("--mode", choices=("PROD", "ENG"), default="ENG", help="of the panel")
    options = parser.parse_args()
    if not options.folder.is_dir():
        parser.error(f"--folder {options.folder}: no such folder; create it first")
    if not 0.0 < options.speed <= 1000.0:
        parser.error(f"--speed {options.speed}: must be above 0 and at most 1000")
    return options


def _public_key(text: str) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise argparse.ArgumentTypeError(f"{text!r} is not 64 hex digits (32 bytes)")
    return key


async def serve(options: argparse.Namespace) -> None:
    """Build the bench, announce it and serve it."""
    stop = asyncio.Event()
    _stop_with_parent(stop)
    clock = BenchClock(options.speed)
    world = World(options.seed, options.serial)
    firmware = PanelFirmware(
        world,
        serial=options.serial,
        seed=options.seed,
        speed=options.speed,
        public_keys=options.trust,
        production=options.mode == "PROD",
    )
    bench = Bench(clock, world, firmware)
    heads = draw_heads(options.seed, INPUTS)
    multiplexer = Multiplexer(world.heat, heads.thermocouples, heads.thermocouple_noise)
    logger = thermocouple_logger.VirtualThermocoupleLogger(bench, multiplexer)
    meter = power_meter.VirtualPowerMeter(bench, heads.meter)
    meter_port = SerialPort(meter, clock)
    panel_port = SerialPort(VirtualPanel(bench), clock, lambda: firmware.hear(clock.now_s()))
    bench.receive_panel_input = panel_port.receive
    jeti = spectrometer.VirtualSpectrometer(bench, heads.spectrometer)
    jeti_port = JetiPort(lambda: spectrometer.JetiSession(jeti))
    instruments = Instruments(
        heads=heads,
        power_meter=meter,
        spectrometer=jeti,
        multiplexer=multiplexer,
        thermocouple_logger=logger,
    )
    conditions = Conditions(
        panel_conditions(bench), firmware_conditions(bench), instrument_conditions(instruments)
    )
    truth = Truth(bench, conditions)
    lock = asyncio.Lock()
    servers = {
        "spectrometer": await serve_tcp(lambda: spectrometer.JetiSession(jeti)),
        "logger": await serve_tcp(lambda: ScpiSession(logger, lock)),
        "vxi11": await Vxi11Server(logger, lock).start(),
        "truth": await serve_tcp(lambda: TruthSession(truth)),
    }
    ports = {name: port_of(server) for name, server in servers.items()}
    paths = _write_certificates(options.folder, heads)
    tasks = [
        asyncio.create_task(work)
        for work in (
            bench.run(),
            meter_port.serve(),
            panel_port.serve(),
            jeti_port.serve(),
            stop.wait(),
        )
    ]
    ready: dict[str, Any] = {
        "ready": True,
        "simulated": True,
        "speed": options.speed,
        "seed": options.seed,
        "instruments": _instruments(meter_port, panel_port, ports, paths, firmware.serial),
        "truth": f"{LOOPBACK}:{ports['truth']}",
    }
    ready["instruments"]["spectrometer"]["resource_serial"] = jeti_port.resource_name
    print(json.dumps(ready), flush=True)
    # Any task that ends, by the stop or by a defect, ends the bench; a defect shows as traceback.
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for server in servers.values():
        server.close()
    for task in tasks:
        task.cancel()
    for task in done:
        task.result()


def _write_certificates(folder: Path, heads: Heads) -> dict[str, str]:
    """Write the three certificates and return their paths by instrument."""
    contents = {
        "power_meter": certificates.power_meter(
            heads.meter, power_meter.SERIAL, power_meter.HEAD_MODEL, power_meter.HEAD_SERIAL
        ),
        "spectrometer": certificates.spectrometer(heads.spectrometer, spectrometer.SERIAL),
        "thermocouple_logger": certificates.thermocouple_logger(
            heads.thermocouples, thermocouple_logger.SERIAL
        ),
    }
    return {
        name: str(certificates.write(folder, name, content)) for name, content in contents.items()
    }


def _instruments(
    meter: SerialPort,
    panel: SerialPort,
    ports: dict[str, int],
    paths: dict[str, str],
    panel_serial: str,
) -> dict[str, Any]:
    return {
        "power_meter": {
            "driver": "thorlabs_pm103",
            "resource": meter.resource_name,
            "serial": power_meter.SERIAL,
            "certificate": paths["power_meter"],
        },
        "spectrometer": {
            "driver": "jeti_specbos_1211",
            "resource": f"TCPIP::{LOOPBACK}::{ports['spectrometer']}::SOCKET",
            "serial": spectrometer.SERIAL,
            "certificate": paths["spectrometer"],
        },
        "thermocouple_logger": {
            "driver": "keysight_daq970a",
            "resource": f"TCPIP::{LOOPBACK},{ports['vxi11']}::inst0::INSTR",
            "resource_socket": f"TCPIP::{LOOPBACK}::{ports['logger']}::SOCKET",
            "serial": thermocouple_logger.SERIAL,
            "thermocouples": INPUTS,
            "certificate": paths["thermocouple_logger"],
        },
        "panel": {
            "driver": "ledcal_panel",
            "resource": panel.resource_name,
            "serial": panel_serial,
        },
    }


def _stop_with_parent(stop: asyncio.Event) -> None:
    """Set `stop` when standard input ends or a signal comes."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    stdin = sys.stdin.fileno()

    def drain() -> None:
        if not os.read(stdin, 4096):
            loop.remove_reader(stdin)
            stop.set()

    try:
        loop.add_reader(stdin, drain)
    except PermissionError:
        # A plain file or the null device cannot be waited for: it is at its end.
        stop.set()


if __name__ == "__main__":
    main()
