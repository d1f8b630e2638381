"""Closing and opening single relays of the multiplexers: K2, `ROUTe:CLOSe` and `ROUTe:OPEN`."""

from collections.abc import Callable, Mapping

from ledcal.instruments.virtual.multiplexer import Multiplexer
from ledcal.instruments.virtual.scpi import Handler
from ledcal.instruments.virtual.scpi_grammar import Call, ScpiError


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
            "ROUTe:OPEN?": self._query(lambda number: number not in self._closed),
            "ROUTe:CLOSe": self._close,
            "ROUTe:CLOSe?": self._query(lambda number: number in self._closed),
            "ROUTe:CLOSe:EXCLusive": self._close_exclusively,
            "ROUTe:DONE?": lambda _: "1",
        }

    def _open(self, call: Call) -> None:
        self._closed -= set(self._multiplexer.listed(call.only()))

    def _close(self, call: Call) -> None:
        self._closed |= self._allowed(call)

    def _close_exclusively(self, call: Call) -> None:
        # Each relay is opened again before the next one closes: the last one stays.
        self._closed = {max(self._allowed(call))}

    def _allowed(self, call: Call) -> set[int]:
        """Return the channels of a command, unless their module belongs to the scan."""
        wanted = set(self._multiplexer.listed(call.only()))
        if not wanted:
            raise ScpiError(-224)
        if {each // 100 for each in wanted} & {each // 100 for each in self._multiplexer.scan}:
            raise ScpiError(-221, "the module is in the scan list")
        return wanted

    def _query(self, state: Callable[[int], bool]) -> Handler:
        return lambda call: ",".join(
            str(int(state(number))) for number in self._multiplexer.listed(call.only())
        )
