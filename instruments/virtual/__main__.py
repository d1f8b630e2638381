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
    daq_models,
    power_meter,
    spectrometer,
    thermocouple_logger,
)
from ledcal.instruments.virtual.bench import Bench
from ledcal.instruments.virtual.clock import BenchClock
from ledcal.instruments.virtual.conditions import Conditions, event
from ledcal.instruments.virtual.detectors import Heads, draw_heads
from ledcal.instruments.virtual.fault_file import FaultFileError, read_fault_file
from ledcal.instruments.virtual.fault_line import FaultLine, keep_time
from ledcal.instruments.virtual.fault_plan import FaultPlan
from ledcal.instruments.virtual.firmware_conditions import firmware_conditions
from ledcal.instruments.virtual.instrument_conditions import Instruments, instrument_conditions
from ledcal.instruments.virtual.jeti_port import JetiPort
from ledcal.instruments.virtual.multiplexer import Multiplexer
from ledcal.instruments.virtual.panel import VirtualPanel
from ledcal.instruments.virtual.panel_conditions import panel_conditions
from ledcal.instruments.virtual.panel_firmware import PanelFirmware
from ledcal.instruments.virtual.pm103_consoles import CONSOLES, PM103, Console
from ledcal.instruments.virtual.portmapper import portmapper_for
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

TRUTH_FILE = "truth-address"
"""Where the side channel is, for whoever has not read the ready line."""
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
    parser.add_argument("--faults", type=Path, metavar="FILE", help="what goes wrong, as TOML")
    parser.add_argument("--mode", choices=("PROD", "ENG"), default="ENG", help="of the panel")
    parser.add_argument(
        "--meter",
        choices=[*CONSOLES],
        default=PM103.model,
        help="model of the power meter",
    )
    parser.add_argument(
        "--logger",
        choices=tuple(daq_models.MODELS),
        default=daq_models.DAQ970A.model,
        help="model of the thermocouple logger",
    )
    parser.add_argument(
        "--portmapper",
        action="store_true",
        help="also tell on port 111 where VXI-11 is; needs root",
    )
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
    logger = thermocouple_logger.VirtualThermocoupleLogger(
        bench, multiplexer, daq_models.MODELS[options.logger]
    )
    meter = power_meter.VirtualPowerMeter(bench, heads.meter, CONSOLES[options.meter])
    panel = VirtualPanel(bench)
    jeti = spectrometer.VirtualSpectrometer(bench, heads.spectrometer)
    instruments = Instruments(
        heads=heads,
        power_meter=meter,
        spectrometer=jeti,
        multiplexer=multiplexer,
        thermocouple_logger=logger,
    )
    conditions = Conditions(
        panel_conditions(bench),
        firmware_conditions(bench),
        instrument_conditions(instruments),
        {"bench_killed": event(lambda: os.kill(os.getpid(), signal.SIGKILL))},
    )
    plan = FaultPlan(clock, conditions, lambda text: _tell(f"{clock.now_s():.3f} s: {text}"))
    _arm(plan, options.faults)
    lines = {
        name: FaultLine(name, plan, serial=serial, switch_on=switch_on)
        for name, serial, switch_on in (
            ("power_meter", lambda: meter.console.serial, meter.switch_on),
            ("spectrometer", lambda: spectrometer.SERIAL, jeti.switch_on),
            ("thermocouple_logger", lambda: logger.model.serial, logger.switch_on),
        )
    }
    lines["panel"] = FaultLine(
        "panel",
        plan,
        serial=lambda: firmware.serial,
        switch_on=firmware.boot,
        switch_off=firmware.reset,
    )
    jeti_port = JetiPort(spectrometer.JetiSession(jeti), lines["spectrometer"])
    meter_port = SerialPort(meter, clock, lines["power_meter"], options.folder)
    panel_port = SerialPort(
        panel, clock, lines["panel"], options.folder, lambda: firmware.hear(clock.now_s())
    )
    bench.receive_panel_input = panel_port.receive
    truth = Truth(bench, conditions, plan)
    lock, logger_line = asyncio.Lock(), lines["thermocouple_logger"]
    servers = {
        "spectrometer": await serve_tcp(
            lambda: spectrometer.JetiSession(jeti), lines["spectrometer"]
        ),
        "logger": await serve_tcp(lambda: ScpiSession(logger, lock), logger_line),
        "vxi11": await Vxi11Server(logger, lock, logger_line).start(),
        "truth": await serve_tcp(lambda: TruthSession(truth), None),
    }
    ports = {name: port_of(server) for name, server in servers.items()}
    if options.portmapper:
        servers["portmapper"] = await portmapper_for(ports["vxi11"])
    paths = _write_certificates(options.folder, heads, meter.console, logger.model)
    tasks = [
        asyncio.create_task(work)
        for work in (
            *(bench.run(), meter_port.serve(), panel_port.serve(), jeti_port.serve(), stop.wait()),
            keep_time(plan, list(lines.values())),
        )
    ]
    truth_address = f"{LOOPBACK}:{ports['truth']}"
    (options.folder / TRUTH_FILE).write_text(f"{truth_address}\n", encoding="ascii")
    ready: dict[str, Any] = {
        "ready": True,
        "simulated": True,
        "speed": options.speed,
        "seed": options.seed,
        "instruments": _instruments(
            meter_port, panel_port, ports, paths, firmware.serial, meter.console, logger.model
        ),
        "truth": truth_address,
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


def _arm(plan: FaultPlan, path: Path | None) -> None:
    """Arm the faults of a file, or end: a parent reads on standard output what was refused."""
    if path is None:
        return
    try:
        faults = read_fault_file(path, plan)
    except FaultFileError as error:
        print(json.dumps({"ready": False, "refused": str(error)}), flush=True)
        _tell(str(error))
        sys.exit(2)
    for fault in faults:
        plan.add(fault)


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _write_certificates(
    folder: Path, heads: Heads, meter: Console, logger: daq_models.LoggerModel
) -> dict[str, str]:
    """Write the three certificates and return their paths by instrument."""
    contents = {
        "power_meter": certificates.power_meter(
            heads.meter,
            meter.serial,
            power_meter.HEAD_MODEL,
            power_meter.HEAD_SERIAL,
            meter.model,
        ),
        "spectrometer": certificates.spectrometer(heads.spectrometer, spectrometer.SERIAL),
        "thermocouple_logger": certificates.thermocouple_logger(
            heads.thermocouples, logger.serial, logger
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
    console: Console,
    logger: daq_models.LoggerModel,
) -> dict[str, Any]:
    return {
        "power_meter": {
            "driver": console.driver,
            "resource": meter.resource_name,
            "serial": console.serial,
            "certificate": paths["power_meter"],
        },
        "spectrometer": {
            "driver": "jeti_specbos_1211",
            "resource": f"TCPIP::{LOOPBACK}::{ports['spectrometer']}::SOCKET",
            "serial": spectrometer.SERIAL,
            "certificate": paths["spectrometer"],
        },
        "thermocouple_logger": {
            "driver": logger.driver,
            "resource": f"TCPIP::{LOOPBACK},{ports['vxi11']}::inst0::INSTR",
            "resource_socket": f"TCPIP::{LOOPBACK}::{ports['logger']}::SOCKET",
            "serial": logger.serial,
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
