"""Faults: what goes wrong on the bench, when, how often and for how long.

A fault is data. It is either a condition of the bench (`conditions.py`), struck at a moment, or
it lies on the line to one instrument (`fault_line.py`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ledcal.instruments.virtual.conditions import (
    Conditions,
    count,
    number,
    one_of,
    only_true,
    positive,
    word,
)

INSTRUMENTS = ("power_meter", "spectrometer", "thermocouple_logger", "panel")
SERIAL_LINES = ("power_meter", "panel")


def _octets(value: object) -> bytes:
    try:
        octets = bytes.fromhex(word(value))
    except ValueError:
        octets = b""
    if not octets:
        raise ValueError(f"{value!r} is no text of hex digits, two for each byte, like 'ff00'")
    return octets


def _octet_count(value: object) -> int | None:
    return None if value is True else count(value)


REPLY_FAULTS: Mapping[str, Callable[[object], Any]] = {
    "late_reply": positive,
    "half_reply": _octet_count,
    "no_reply": only_true,
    "garbage_before": _octets,
    "garbage_inside": _octets,
    "duplicate_reply": only_true,
    "dropped_connection": count,
}
"""Each strikes one reply; late_reply is in seconds of the wall clock, as a host's patience is."""
LASTING_FAULTS: Mapping[str, Callable[[object], Any]] = {
    "stalled": only_true,
    "power_off": only_true,
    "idle_close": positive,
    "other_instrument": word,
}
"""Each holds on a line until it ends; idle_close is in seconds of the wall clock."""
LINK_FAULTS = {**REPLY_FAULTS, **LASTING_FAULTS}

KEYS = ("fault", "value", "on", "at_s", "command", "at_command", "for_s", "times", "then")


class Refusal(ValueError):
    """One key of a fault is refused.

    Attributes:
        key: The key.
        value: What it says; None where it is missing.
    """

    def __init__(self, key: str, value: object, text: str) -> None:
        """Keep key and value beside the words."""
        super().__init__(text)
        self.key = key
        self.value = value


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault as somebody planned it.

    Attributes:
        name: A condition or a link fault.
        value: What the condition is set to, or how strong the fault is.
        on: The instrument whose line it lies on or whose commands are counted.
        at_s: Bench time after the plan was made, None for a trigger by command. [s]
        command: How the commands begin that trigger it.
        at_command: Which of them is the first to be struck, from 1.
        for_s: How long it lasts in bench time, None for no end by time. [s]
        times: How often it strikes.
        then: What a condition is set to when it ends.
    """

    name: str
    value: Any
    on: str | None = None
    at_s: float | None = None
    command: str | None = None
    at_command: int = 1
    for_s: float | None = None
    times: int = 1
    then: Any = None


def read_fault(raw: object, conditions: Conditions) -> tuple[Fault | None, list[Refusal]]:
    """Return a fault from its keys and values, or everything that is wrong with it.

    A fault without a trigger strikes at once.
    """
    if not isinstance(raw, Mapping):
        return None, [Refusal("fault", raw, "is no table of keys")]
    reader = _Reader(raw, conditions)
    fault = reader.read()
    return (None if reader.refusals else fault), reader.refusals


class _Reader:
    """Takes the keys of one fault and gathers what is refused."""

    def __init__(self, raw: Mapping[str, Any], conditions: Conditions) -> None:
        self._raw = raw
        self._conditions = conditions
        self.refusals: list[Refusal] = []

    def read(self) -> Fault:
        """Return the fault; it is of use only when nothing was refused."""
        for key in sorted(self._raw.keys() - set(KEYS)):
            self._refuse(key, f"unknown key; the keys are: {', '.join(KEYS)}")
        names = [*LINK_FAULTS, *self._conditions.names()]
        name = self._raw.get("fault")
        if name not in names:
            self._refuse("fault", f"unknown fault; there are: {', '.join(names)}")
            return Fault(name="", value=None)
        is_condition = name in self._conditions
        value = self._value("value", lambda value: self._parse(name, value))
        for_s, command = self._take("for_s", positive), self._take("command", word)
        fault = Fault(
            name=name,
            value=value,
            on=self._take("on", one_of(*INSTRUMENTS)),
            at_s=self._take("at_s", _not_negative),
            command=None if command is None else command.upper().lstrip(":"),
            at_command=self._take("at_command", _from_one) or 1,
            for_s=for_s,
            times=self._take("times", _from_one) or 1,
            then=self._then(name, value) if is_condition and for_s is not None else None,
        )
        self._judge(fault, is_condition)
        return fault

    def _judge(self, fault: Fault, is_condition: bool) -> None:
        """Refuse what cannot stand together."""
        raw = self._raw
        if fault.at_s is not None and fault.command is not None:
            self._refuse("at_s", "a fault has one trigger: at_s or command")
        if "at_command" in raw and fault.command is None:
            self._refuse("at_command", "counts commands: say which by `command`")
        if fault.on is None and "on" not in raw:
            if not is_condition:
                self._refuse("on", f"is missing; {fault.name} lies on the line to one instrument")
            elif fault.command is not None:
                self._refuse("on", "is missing: whose commands are counted?")
        if is_condition and fault.on is not None and fault.command is None:
            self._refuse("on", f"{fault.name} lies on no line; leave this key out")
        if "then" in raw and not (is_condition and fault.for_s is not None):
            self._refuse("then", "is what a condition is set to after for_s")
        if "times" in raw and fault.for_s is not None:
            self._refuse("times", "a fault ends by for_s or by times, not by both")
        if "times" in raw and fault.name in LASTING_FAULTS:
            self._refuse("times", f"{fault.name} strikes once and lasts; end it by for_s")
        if "times" in raw and is_condition and fault.command is None:
            self._refuse("times", "needs a command that comes more than once")
        if fault.name == "idle_close" and fault.on in SERIAL_LINES:
            self._refuse("on", "a serial line has no connection that could close")

    def _then(self, name: str, value: Any) -> Any:
        if "then" in self._raw:
            return self._take("then", lambda value: self._parse(name, value))
        if not isinstance(value, bool):
            self._refuse("then", f"is missing: what is {name} set to when for_s is over?")
            return None
        try:
            return self._parse(name, not value)
        except ValueError:
            self._refuse("for_s", f"{name} happens at a moment and does not last")
            return None

    def _parse(self, name: str, value: Any) -> Any:
        return (
            LINK_FAULTS[name](value) if name in LINK_FAULTS else self._parse_condition(name, value)
        )

    def _parse_condition(self, name: str, value: Any) -> Any:
        self._conditions.parse(name, value)
        return value

    def _value(self, key: str, parse: Callable[[Any], Any]) -> Any:
        if key not in self._raw:
            self._refuse(key, "is missing")
            return None
        return self._take(key, parse)

    def _take(self, key: str, parse: Callable[[Any], Any]) -> Any:
        if key not in self._raw:
            return None
        try:
            return parse(self._raw[key])
        except ValueError as error:
            self._refuse(key, str(error))
            return None

    def _refuse(self, key: str, text: str) -> None:
        self.refusals.append(Refusal(key, self._raw.get(key), text))


def _not_negative(value: object) -> float:
    found = number(value)
    if found < 0.0:
        raise ValueError(f"{value!r} is below 0")
    return found


def _from_one(value: object) -> int:
    found = count(value)
    if found < 1:
        raise ValueError("counts from 1")
    return found
