"""The word to end: a signal, or the supervisor's death. Every thread of the process can ask."""

import os
import select
import signal
import threading
from types import FrameType, TracebackType
from typing import Self

ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Ending:
    """Takes the first word to end and turns it into one KeyboardInterrupt of the main thread.

    A second word while the panel is being made dark must not break that off, so it is ignored.
    A main thread that hangs cannot run a signal handler at all: `begun` is true all the same, for
    a thread of its own is woken by the interpreter's C code.
    """

    def __init__(self, supervisor: int | None = None) -> None:
        """Prepare; nothing changes before the context is entered.

        Args:
            supervisor: File descriptor of a pipe of which another process holds the writing end;
                its closing, by whatever death, is a word to end.
        """
        self._supervisor = supervisor
        self._begun = threading.Event()
        self._told = False
        self._thread = threading.Thread(target=self._watch, name="ending", daemon=True)

    @property
    def begun(self) -> bool:
        """True from the first word to end on."""
        return self._begun.is_set()

    def __enter__(self) -> Self:
        """Take over the signals; only the main thread may."""
        self._wake, self._woken = os.pipe()
        os.set_blocking(self._woken, False)
        self._wakeup_before = signal.set_wakeup_fd(self._woken, warn_on_full_buffer=False)
        self._before = {number: signal.signal(number, self._take) for number in ENDING_SIGNALS}
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup_before)
        os.close(self._woken)
        self._thread.join()
        os.close(self._wake)

    def _take(self, number: int, frame: FrameType | None) -> None:
        self._begun.set()
        if not self._told:
            self._told = True
            raise KeyboardInterrupt(f"signal {signal.Signals(number).name}")

    def _watch(self) -> None:
        watched = [self._wake] if self._supervisor is None else [self._wake, self._supervisor]
        while True:
            readable, _, _ = select.select(watched, [], [])
            if self._wake in readable:
                numbers = os.read(self._wake, 64)
                if not numbers:
                    return
                if set(numbers) & set(ENDING_SIGNALS):
                    self._begun.set()
            if self._supervisor in readable and not os.read(self._supervisor, 64):
                watched = [self._wake]
                self._begun.set()
                # To that thread and no other: what it waits for must be broken off.
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
