"""Status registers of the Thorlabs PM103 (pm103.html, "SCPI register set" and STAT commands).

Each set has condition, positive and negative transition, event and enable register, 16 bits wide.
"""

from collections.abc import Mapping

from ledcal.instruments.virtual.scpi import Handler
from ledcal.instruments.virtual.scpi_grammar import Call, ScpiError, whole

ALL = 0xFFFF
RANGING, MEASURING, ZEROING, SENSOR_CONNECTED, DATA_READY = 0x04, 0x10, 0x80, 0x100, 0x200
"""Bits of the operation register (figure at STAT:OPER)."""
QUESTIONABLE_CURRENT, QUESTIONABLE_POWER = 0x02, 0x08
"""Bits of the questionable register: the last result was out of its range (STAT:QUES)."""
SUMMARY_BITS = {"AUXiliary": 0x01, "QUEStionable": 0x08, "OPERation": 0x80}
"""Where each set is summed up in the status byte (figure at *STB?)."""


class RegisterSet:
    """One set; a condition that changes sets events through the transition filters."""

    def __init__(self) -> None:
        """Start without conditions."""
        self._condition = 0
        self.clear()

    def clear(self) -> None:
        """Forget events and restore the filters: "default after reboot or CLS" (STAT:OPER:PTR)."""
        self._event = 0
        self.preset()

    def preset(self) -> None:
        """Report no events, let each rise of a condition be one (SCPI-1999, STATus:PRESet)."""
        self._enable = 0
        self._positive, self._negative = ALL, 0

    def assign(self, bits: int, on: bool) -> None:
        """Set or clear bits of the condition."""
        now = self._condition | bits if on else self._condition & ~bits
        rising, falling = now & ~self._condition, self._condition & ~now
        self._event |= (rising & self._positive) | (falling & self._negative)
        self._condition = now

    @property
    def summary(self) -> bool:
        """Whether an enabled event has happened."""
        return bool(self._event & self._enable)

    def commands(self, header: str) -> Mapping[str, Handler]:
        """Return the table of the set below its header."""
        return {
            f"{header}[:EVENt]?": self._read_event,
            f"{header}:CONDition?": lambda _: str(self._condition),
            f"{header}:ENABle": self._set_enable,
            f"{header}:ENABle?": lambda _: str(self._enable),
            f"{header}:PTRansition": self._set_positive,
            f"{header}:PTRansition?": lambda _: str(self._positive),
            f"{header}:NTRansition": self._set_negative,
            f"{header}:NTRansition?": lambda _: str(self._negative),
        }

    def _read_event(self, _: Call) -> str:
        # Reading the event register resets it (STAT:OPER?).
        event, self._event = self._event, 0
        return str(event)

    def _set_enable(self, call: Call) -> None:
        self._enable = _mask(call)

    def _set_positive(self, call: Call) -> None:
        self._positive = _mask(call)

    def _set_negative(self, call: Call) -> None:
        self._negative = _mask(call)


class StatusRegisters:
    """The sets of one console."""

    def __init__(self, *, elder: bool = False) -> None:
        """Start with a head connected.

        Args:
            elder: Also have the set STATus:MEASurement of the PM100D, and its manual's spelling
                AUXillary.
        """
        self.operation = RegisterSet()
        self.questionable = RegisterSet()
        self.auxiliary = RegisterSet()
        self._sets = {
            "OPERation": self.operation,
            "QUEStionable": self.questionable,
            "AUXiliary": self.auxiliary,
        }
        if elder:
            # The maker's driver PM100D_Drv reads and writes it; its bits stay 0 (assumed).
            self._sets["MEASurement"] = RegisterSet()
        self._elder = elder
        self.operation.assign(SENSOR_CONNECTED, True)

    def clear(self) -> None:
        """Forget all events, as *CLS does."""
        for one in self._sets.values():
            one.clear()

    def summary(self) -> int:
        """Return the sets' part of the status byte."""
        return sum(SUMMARY_BITS.get(name, 0) for name, one in self._sets.items() if one.summary)

    def commands(self) -> Mapping[str, Handler]:
        """Return the table of STATus; the operation register may name its channel."""
        table: dict[str, Handler] = {"STATus:PRESet": self._preset}
        for name, one in self._sets.items():
            table |= one.commands(f"STATus#:{name}" if name == "OPERation" else f"STATus:{name}")
        if self._elder:
            table |= self.auxiliary.commands("STATus:AUXillary")
        return table

    def _preset(self, _: Call) -> None:
        for one in self._sets.values():
            one.preset()


def _mask(call: Call) -> int:
    value = whole(call.only())
    if not 0 <= value <= ALL:
        raise ScpiError(-222)
    return value
