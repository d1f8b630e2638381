"""The truth side channel: what the tests may know and the rig may not.

One JSON object a line over TCP. `{"ask": name, ...}` answers an object, `{"set": name, "value":
v}` changes the world and answers `{"ok": true}`, and so does `{"set": "fault", "value": {...}}`,
which plans a fault; anything else answers `{"error": text}`.
"""

import dataclasses
import hashlib
import json
from collections.abc import Callable
from typing import Any

from ledcal.instruments.virtual.bench import Bench
from ledcal.instruments.virtual.conditions import Conditions
from ledcal.instruments.virtual.emitters import REFERENCE_BOARD_DEGC, Emitter, band
from ledcal.instruments.virtual.fault_plan import FaultPlan
from ledcal.instruments.virtual.transports import Send

FAULT = "fault"
"""What is set by this name is planned: its value is a table, as in a fault file."""

Question = Callable[[dict[str, Any]], dict[str, Any]]


class Truth:
    """Questions about the world and the conditions that a test may set in it."""

    def __init__(self, bench: Bench, conditions: Conditions, plan: FaultPlan) -> None:
        """Look at the whole bench, and set its conditions and faults."""
        self._bench = bench
        self._world = bench.world
        self._conditions = conditions
        self._plan = plan
        self._questions: dict[str, Question] = {
            "state": self._state,
            "bands": self._bands,
            "irradiance_at": self._irradiance_at,
            "panel": self._panel,
            "faults": lambda _: {"faults": plan.described()},
        }

    def answer(self, line: bytes) -> dict[str, Any]:
        """Answer one line."""
        self._bench.advance()
        try:
            request: dict[str, Any] = json.loads(line)
            if "ask" in request:
                return self._questions[request["ask"]](request)
            name, value = request["set"], request.get("value", True)
            if name == FAULT:
                self._arm(value)
            else:
                self._conditions.set(name, value)
        except KeyError as error:
            known = [*self._questions, FAULT, *self._conditions.names()]
            return {"error": f"unknown or missing: {error}; known names: {', '.join(known)}"}
        except (AttributeError, TypeError, ValueError) as error:
            return {"error": str(error)}
        return {"ok": True}

    def _arm(self, raw: Any) -> None:
        """Plan a fault; without a trigger it strikes at once."""
        fault, refusals = self._plan.read(raw)
        if fault is None:
            raise ValueError("; ".join(f"{each.key}: {each.value!r}: {each}" for each in refusals))
        self._plan.add(fault)

    def _state(self, _: dict[str, Any]) -> dict[str, Any]:
        world, firmware = self._world, self._bench.firmware
        lit = {beam.emitter.nominal_nm: beam for beam in world.light().beams}
        irradiance: dict[str, float] = {}
        junction: dict[str, float] = {}
        for channel, emitter in enumerate(world.emitters, start=1):
            beam = lit.get(emitter.nominal_nm)
            irradiance[str(channel)] = 0.0 if beam is None else beam.irradiance_w_m2
            junction[str(channel)] = world.heat.board_degc if beam is None else beam.junction_degc
        return {
            "time_s": world.time_s,
            "irradiance_w_m2": irradiance,
            "total_w_m2": sum(irradiance.values()),
            "ambient_w_m2": world.light().ambient_w_m2,
            "board_degc": world.heat.board_degc,
            "heatsink_degc": world.heat.heatsink_degc,
            "surface_degc": world.heat.surface_degc,
            "ambient_degc": world.heat.ambient_degc,
            "junction_degc": junction,
            "drive_code": _by_channel(firmware.codes),
            "output": _by_channel(firmware.gates),
            "dark": not lit,
        }

    def _bands(self, request: dict[str, Any]) -> dict[str, Any]:
        board_degc = float(request.get("board_degc", self._world.heat.board_degc))
        drive = request.get("drive", _by_channel(self._world.drive_code))
        answer = {}
        for channel, code in drive.items():
            emitter = self._emitter(int(channel))
            current = emitter.current_fraction(int(code))
            if current > 0.0:
                junction_degc = emitter.junction_degc(current, board_degc)
                answer[channel] = dataclasses.asdict(band(emitter, current, junction_degc))
        return {"bands": answer}

    def _irradiance_at(self, request: dict[str, Any]) -> dict[str, Any]:
        emitter = self._emitter(int(request["channel"]))
        current = emitter.current_fraction(int(request["drive_code"]))
        board_degc = float(request.get("board_degc", REFERENCE_BOARD_DEGC))
        return {"irradiance_w_m2": emitter.irradiance_w_m2(current, board_degc)}

    def _panel(self, _: dict[str, Any]) -> dict[str, Any]:
        firmware = self._bench.firmware
        loaded = firmware.loaded
        return {
            "uid": firmware.uid.hex(),
            "serial": firmware.serial,
            "sha256": None if loaded is None else hashlib.sha256(loaded.file).hexdigest(),
            "sequence": 0 if loaded is None else loaded.sequence,
            "highest_sequence": firmware.highest_sequence,
            "boot_count": firmware.boot_count,
        }

    def _emitter(self, channel: int) -> Emitter:
        if not 1 <= channel <= len(self._world.emitters):
            raise ValueError(f"channel {channel} is outside 1 to {len(self._world.emitters)}")
        return self._world.emitters[channel - 1]


class TruthSession:
    """One connection to the side channel."""

    def __init__(self, truth: Truth) -> None:
        """Begin between two lines."""
        self._truth = truth
        self._buffer = b""

    def feed(self, received: bytes) -> list[bytes]:
        """Return complete lines."""
        *lines, self._buffer = (self._buffer + received).split(b"\n")
        return lines

    async def handle(self, message: bytes, send: Send) -> None:
        """Answer one line."""
        await send(json.dumps(self._truth.answer(message)).encode() + b"\n")


def _by_channel(values: list[Any]) -> dict[str, Any]:
    return {str(channel): value for channel, value in enumerate(values, start=1)}
