"""Keep talking to the panel, so that its watchdog trips only when the rig is really gone."""

import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

from ledcal.instruments.clock import Clock
from ledcal.instruments.errors import InstrumentError, NotDark
from ledcal.instruments.panel import Panel

WATCHDOG_S = 1.5
"""Longest watchdog a rig may set before any light (panel protocol). [s]"""
_EVERY_S = 0.4


class KeepAlive:
    """Arm the panel's watchdog and feed it from a thread of its own while the context lasts.

    The thread dies with the process, and then the panel turns dark by itself.
    """

    def __init__(self, panel: Panel, clock: Clock) -> None:
        """Prepare; nothing is sent before the context is entered."""
        self._panel = panel
        self._period_s = clock.wall_s(_EVERY_S)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._feed, name="keep-alive", daemon=True)

    def __enter__(self) -> Self:
        """Arm the watchdog, then start to feed it."""
        self._panel.set_watchdog_s(WATCHDOG_S)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop feeding, and give the panel back as a consumer has it: without a watchdog.

        One that could not be shown to be dark keeps it, and turns dark by itself.
        """
        self._stop.set()
        self._thread.join()
        if not isinstance(error, NotDark):
            with suppress(InstrumentError):
                self._panel.set_watchdog_s(0.0)

    def _feed(self) -> None:
        while not self._stop.wait(self._period_s):
            try:
                self._panel.keep_alive()
            except InstrumentError:
                # The next command of the procedure meets the same fault and reports it; going on
                # here keeps the panel lit for a rig that only lost one reply.
                continue
