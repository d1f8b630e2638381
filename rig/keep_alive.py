"""Keep talking to the panel, so that its watchdog trips only when the rig is really gone."""

import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from ledcal.instruments.clock import Clock
from ledcal.instruments.errors import InstrumentError
from ledcal.instruments.panel import Panel

WATCHDOG_S = 1.5
"""Longest watchdog a rig may set before any light (panel protocol). [s]"""
UNWATCHED_S = 120.0
"""The panel may be lit for this long without anybody looking at its temperatures. It is longer
than the longest exposure of a spectrum, in which nothing else is looked at. [s]"""
_EVERY_S = 0.4


class KeepAlive:
    """Arm the panel's watchdog and feed it from a thread of its own while the context lasts.

    The thread dies with the process, and then the panel turns dark by itself. It keeps no panel
    lit for a procedure that hangs: after the word to end it makes the panel dark itself, and
    after UNWATCHED_S without a look at the temperatures it falls silent.
    """

    def __init__(
        self, panel: Panel, clock: Clock, ending: Callable[[], bool] = lambda: False
    ) -> None:
        """Prepare; nothing is sent before the context is entered.

        Args:
            panel: The panel.
            clock: Bench time.
            ending: Tells whether the process has been told to end.
        """
        self._panel = panel
        self._clock = clock
        self._ending = ending
        self._period_s = clock.wall_s(_EVERY_S)
        self._watched_s = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._feed, name="keep-alive", daemon=True)

    def __enter__(self) -> Self:
        """Arm the watchdog, then start to feed it."""
        self.watched()
        self._panel.set_watchdog_s(WATCHDOG_S)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Make the panel dark, and give it back as a consumer has it: without a watchdog.

        One that could not be shown to be dark keeps it, and turns dark by itself.
        """
        try:
            self._panel.dark()
        finally:
            self._stop.set()
            self._thread.join()
        with suppress(InstrumentError):
            self._panel.set_watchdog_s(0.0)

    def watched(self) -> None:
        """Note that somebody has just looked at the temperatures; any thread may call it."""
        self._watched_s = self._clock.now_s()

    def _feed(self) -> None:
        while not self._stop.wait(self._period_s):
            try:
                if self._ending():
                    self._panel.dark()
                elif self._clock.now_s() - self._watched_s > UNWATCHED_S:
                    self._fall_silent()
                else:
                    self._panel.keep_alive()
            except InstrumentError:
                # The next command of the procedure meets the same fault and reports it; going on
                # here keeps the panel lit for a rig that only lost one reply.
                continue

    def _fall_silent(self) -> None:
        """Let the watchdog trip, unless nothing is lit: then there was nothing to look at."""
        if not any(self._panel.output(channel) for channel in self._panel.channels()):
            self.watched()
            return
        before_s = self._watched_s
        while self._watched_s == before_s and not self._ending():
            if self._stop.wait(self._period_s):
                return
