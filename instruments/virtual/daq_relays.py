"""Closing and opening single relays of the multiplexers, and how often that was done.

Commands: K2 `DIAGnostic`, `ROUTe:CLOSe`, `ROUTe:OPEN`; `ROUTe:OPEN:ALL` is DAQ970A's [?].
"""

from collections.abc import Callable, Mapping

from ledcal.instruments.virtual.multiplexer import SLOTS, Multiplexer
from ledcal.instruments.virtual.scpi import Handler
from ledcal.instruments.virtual.scpi_grammar import Call, ScpiError, whole


class Relays:
    """Which relays are closed by hand; a scan uses those of its modules by itself."""

    def __init__(self, multiplexer: Multiplexer) -> None:
        """Begin with all relays open."""
        self._multiplexer = multiplexer
        self._closed: set[int] = set()

    def reset(self) -> None:
        """Open all relays."""
        self._closed = set()

    def commands(self) -> Mapping[str, Handler]:
        """Return the table."""
        return {
            "ROUTe:OPEN": self._open,
            "ROUTe:OPEN:ALL": lambda _: self.reset(),
            "ROUTe:OPEN?": self._query(lambda number: number not in self._closed),
            "ROUTe:CLOSe": self._close,
            "ROUTe:CLOSe?": self._query(lambda number: number in self._closed),
            "ROUTe:CLOSe:EXCLusive": self._close_exclusively,
            "ROUTe:DONE?": lambda _: "1",
            "DIAGnostic:RELay:CYCLes?": self._cycles,
            "DIAGnostic:DMM:CYCLes?": self._meter_cycles,
            "DIAGnostic:PEEK:SLOT:DATA?": self._label,
        }

    def _open(self, call: Call) -> None:
        self._closed -= set(self._multiplexer.listed(call.only()))

    def _close(self, call: Call) -> None:
        for number in (wanted := self._allowed(call)) - self._closed:
            self._multiplexer.cycles[number] += 1
        self._closed |= wanted

    def _close_exclusively(self, call: Call) -> None:
        # Each relay is opened again before the next one closes: the last one stays.
        last = max(self._allowed(call))
        self._multiplexer.cycles[last] += 1
        self._closed = {last}

    def _allowed(self, call: Call) -> set[int]:
        """Return the channels of a command, unless their module belongs to the scan."""
        wanted = set(self._multiplexer.listed(call.only()))
        if not wanted:
            raise ScpiError(-224)
        if {each // 100 for each in wanted} & {each // 100 for each in self._multiplexer.scan}:
            raise ScpiError(301)
        return wanted

    def _cycles(self, call: Call) -> str:
        return ",".join(
            f"{self._multiplexer.cycles[number]:+d}" for number in self._multiplexer.chosen(call)
        )

    def _meter_cycles(self, _: Call) -> str:
        # Three relays between the multimeter and the modules: they move with every reading.
        return ",".join([f"{sum(self._multiplexer.cycles.values()):+d}"] * 3)

    def _label(self, call: Call) -> str:
        if whole(call.only()) not in SLOTS:
            raise ScpiError(-222)
        return '""'  # nobody has labelled the modules

    def _query(self, state: Callable[[int], bool]) -> Handler:
        return lambda call: ",".join(
            str(int(state(number))) for number in self._multiplexer.listed(call.only())
        )
