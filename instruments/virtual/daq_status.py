"""The logger's register groups: K1 pp 292-296, K2 p 280 and `*CLS`, `STATus`."""

from collections.abc import Callable, Mapping

from ledcal.instruments.virtual.scpi import Handler
from ledcal.instruments.virtual.scpi_grammar import Call, ScpiError, whole

SCANNING, AWAITS_TRIGGER, MEMORY_THRESHOLD = 1 << 4, 1 << 5, 1 << 9
"""Standard Operation register (K1 p295)."""
VOLTAGE_OVERLOAD, TEMPERATURE_OVERLOAD, MEMORY_OVERFLOW = 1 << 0, 1 << 10, 1 << 12
"""Questionable Data register (K1 p293); the overloads are events without a condition."""
_LARGEST = 65535


class RegisterGroup:
    """Condition, event and enable register of one group; rising conditions latch as events."""

    def __init__(self, condition: Callable[[], int]) -> None:
        """Look at the condition whenever the group is asked or told to."""
        self._condition = condition
        self._seen = 0
        self._event = 0
        self.enable = 0

    def update(self) -> int:
        """Latch what has risen since the last look and return the condition."""
        now = self._condition()
        self._event |= now & ~self._seen
        self._seen = now
        return now

    def latch(self, bits: int) -> None:
        """Set event bits that have no condition."""
        self._event |= bits

    def clear(self) -> None:
        """Forget the events, as *CLS does; a condition that lasts is no new event."""
        self.update()
        self._event = 0

    def summary(self) -> bool:
        """Return whether an enabled event is set."""
        self.update()
        return bool(self._event & self.enable)

    def commands(self, node: str, written: Callable[[int], str]) -> Mapping[str, Handler]:
        """Return the table of one node of the STATus subsystem."""
        return {
            f"{node}:CONDition?": lambda _: written(self.update()),
            f"{node}[:EVENt]?": lambda _: written(self._read_event()),
            f"{node}:ENABle": self._set_enable,
            f"{node}:ENABle?": lambda _: written(self.enable),
        }

    def _read_event(self) -> int:
        self.update()
        value, self._event = self._event, 0
        return value

    def _set_enable(self, call: Call) -> None:
        value = whole(call.only())
        if not 0 <= value <= _LARGEST:
            raise ScpiError(-222)
        self.enable = value
