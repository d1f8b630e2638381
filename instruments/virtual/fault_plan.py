"""The plan of what goes wrong on a bench: it counts commands and time, and strikes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from ledcal.instruments.virtual.clock import BenchClock
from ledcal.instruments.virtual.conditions import Conditions
from ledcal.instruments.virtual.faults import (
    LASTING_FAULTS,
    REPLY_FAULTS,
    Fault,
    Refusal,
    read_fault,
)

State = Literal["armed", "active", "done"]


@dataclass(slots=True)
class _Planned:
    """A fault with what has become of it so far."""

    fault: Fault
    since_s: float
    state: State = "armed"
    heard: int = 0
    struck: int = 0
    ends_s: float | None = None

    def concerns(self, command: str) -> bool:
        return self.fault.command is None or command.startswith(self.fault.command)


class FaultPlan:
    """The faults of a bench, and their time."""

    def __init__(
        self, clock: BenchClock, conditions: Conditions, tell: Callable[[str], None]
    ) -> None:
        """Begin without faults; `tell` takes a line about each strike."""
        self._clock = clock
        self._conditions = conditions
        self._tell = tell
        self._planned: list[_Planned] = []

    def read(self, raw: object) -> tuple[Fault | None, list[Refusal]]:
        """Return a fault from its keys and values, or everything that is wrong with it."""
        return read_fault(raw, self._conditions)

    def add(self, fault: Fault) -> None:
        """Arm a fault; its time and its count of commands begin now."""
        now_s = self._clock.now_s()
        at_once = fault.at_s is None and fault.command is None
        self._planned.append(_Planned(fault, now_s))
        if at_once:
            self._begin(self._planned[-1], now_s)

    def heard(self, on: str, message: bytes) -> list[Fault]:
        """Count a command, strike what it triggers, and return what strikes its reply."""
        self.tick()
        now_s = self._clock.now_s()
        command = message.decode("latin-1").upper().lstrip(":")
        struck = []
        for each in self._planned:
            fault = each.fault
            if fault.on != on or each.state == "done" or not each.concerns(command):
                continue
            each.heard += 1
            if fault.command is not None and each.heard < fault.at_command:
                continue
            if each.state == "armed":
                if fault.command is not None:
                    self._begin(each, now_s)
            elif fault.name in self._conditions and fault.for_s is None:
                self._strike(each)
            if each.state == "active" and fault.name in REPLY_FAULTS:
                self._strike(each, message)
                struck.append(fault)
        return struck

    def tick(self) -> None:
        """Begin and end what is due."""
        now_s = self._clock.now_s()
        for each in self._planned:
            at_s = each.fault.at_s
            if each.state == "armed" and at_s is not None and now_s >= each.since_s + at_s:
                self._begin(each, now_s)
            if each.state == "active" and each.ends_s is not None and now_s >= each.ends_s:
                self._end(each)

    def lasting(self, on: str, name: str) -> Any:
        """Return the value of a lasting fault that lies on a line now, or None."""
        for each in self._planned:
            if each.state == "active" and (each.fault.on, each.fault.name) == (on, name):
                return each.fault.value
        return None

    def described(self) -> list[dict[str, Any]]:
        """Return every fault with its state and how often it struck."""
        return [
            {
                "fault": each.fault.name,
                "on": each.fault.on,
                "command": each.fault.command,
                "value": _shown(each.fault.value),
                "state": each.state,
                "struck": each.struck,
            }
            for each in self._planned
        ]

    def _begin(self, each: _Planned, now_s: float) -> None:
        each.state = "active"
        if each.fault.for_s is not None:
            each.ends_s = now_s + each.fault.for_s
        if each.fault.name not in REPLY_FAULTS:
            self._strike(each)

    def _strike(self, each: _Planned, message: bytes = b"") -> None:
        fault = each.fault
        each.struck += 1
        where = f" on {fault.on}" if fault.on else ""
        at = f" at {message!r}" if message else ""
        self._tell(f"fault {fault.name}{where} = {_shown(fault.value)}{at}")
        if fault.name in self._conditions:
            self._conditions.set(fault.name, fault.value)
        lasts = fault.for_s is not None or fault.name in LASTING_FAULTS
        if not lasts and each.struck >= fault.times:
            each.state = "done"

    def _end(self, each: _Planned) -> None:
        each.state = "done"
        self._tell(f"fault {each.fault.name} is over")
        if each.fault.name in self._conditions:
            self._conditions.set(each.fault.name, each.fault.then)


def _shown(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value
