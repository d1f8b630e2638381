"""What the technician sees while a run goes on: live on a terminal, plain lines otherwise."""

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn
from rich.text import Text

from ledcal.calibration.errors import RecordError
from ledcal.calibration.outcome import Outcome
from ledcal.calibration.record import Record
from ledcal.reports.text import legible, legible_reason
from ledcal.rig.closing import CERTIFICATE
from ledcal.rig.console import open_console
from ledcal.rig.run import RUNS
from ledcal.rig.summary import record_of, verdict_text

STEP_WORDS = {
    "identify": "identify instruments and panel",
    "blank": "first look, dark and lit",
    "warm_up": "warm up, all channels on",
    "spectrum": "spectrum of each channel",
    "irradiance": "irradiance over drive",
    "as_found": "as found, before adjustment",
    "map": "map",
    "fit": "fit the calibration",
    "adjust": "load the file into the panel",
    "verify": "verify by light",
}
TYPICAL_BENCH_S = {
    **{"identify": 20, "blank": 35, "warm_up": 400, "spectrum": 25, "irradiance": 135},
    **{"as_found": 1, "map": 1, "fit": 5, "adjust": 5, "verify": 100},
}
"""How long the steps take on a bench, until this data folder knows better. [s]"""


class Screen:
    """Shows the steps of a run as its journal tells them."""

    def __init__(self, console: Console, expected_s: dict[str, float]) -> None:
        """Show on a console; `expected_s` is the time each step took before, if known."""
        self._console = console
        self._expected_s = expected_s
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        self._step: str | None = None
        self._step_began_s = 0.0

    def follow(self, event: Mapping[str, Any]) -> None:
        """Take one event of the journal."""
        kind = event["event"]
        if kind == "run_started":
            self._start(event)
        elif kind == "step_started":
            self._step, self._step_began_s = str(event["step"]), time.monotonic()
            self.tick()
            if self._progress is None:
                self._say(f"… {STEP_WORDS.get(self._step, self._step)}")
        elif kind == "step_finished":
            shape = {"PASS": "✔", "FAIL": "✘"}.get(str(event["result"]), "▲")
            words = STEP_WORDS.get(str(event["step"]), str(event["step"]))
            self._say(f"{shape} {words:<34} {event['result']}  {event['duration_s']:.1f} s")
        elif kind in ("measured", "measured_as_found") and event["verdict"] != "PASS":
            channel = f"channel {event['channel']}: " if event["channel"] else ""
            self._say(f"    {channel}{event['measurand']}: {event['verdict']}")
        elif kind in ("error", "note"):
            text = legible_reason(str(event["text"]))
            self._say(f"    {event['code']}: {text}")

    def _start(self, event: Mapping[str, Any]) -> None:
        marked = "SIMULATED BENCH, " if event["simulated"] else ""
        product = event["product"]
        self._say(
            f"{marked}{event['mode']}: panel {legible(event['serial'])}, "
            f"{legible(product['model'])} {legible(product['version'])}, "
            f"attempt {event['attempt']}"
        )
        if not self._expected_s:
            self._expected_s = {n: s / event["speed"] for n, s in TYPICAL_BENCH_S.items()}

    def tick(self) -> None:
        """Move the progress bar on."""
        if self._progress is None or self._task is None or self._step is None:
            return
        names = list(STEP_WORDS)
        done = names.index(self._step) if self._step in names else 0
        past_s = sum(self._expected_s.get(name, 0.0) for name in names[:done])
        total_s = sum(self._expected_s.values())
        in_step_s = min(
            time.monotonic() - self._step_began_s, self._expected_s.get(self._step, 0.0)
        )
        left_s = max(0.0, total_s - past_s - in_step_s)
        self._progress.update(
            self._task,
            total=total_s or 1.0,
            completed=past_s + in_step_s,
            description=STEP_WORDS.get(self._step, self._step),
            left=f"about {left_s:.0f} s left",
        )

    def verdict(self, folder: Path, record: Record) -> None:
        """Say the one word, why, and where the certificate is."""
        self._console.print()
        self._console.print(verdict_text(record))
        self._console.print(Text(record.outcome.meaning))
        for reason in record.reasons:
            text = legible_reason(reason["text"])
            self._console.print(Text(f"  {reason['code']}: {text}"))
        for note in record.notes:
            if note.code == "AS_FOUND_OUT":
                text = legible_reason(note.text)
                self._console.print(Text(f"  {note.code}: {text}"))
        self._console.print(Text(f"certificate: {(folder / CERTIFICATE).resolve()}"))

    @contextmanager
    def live(self) -> Iterator[None]:
        """Show a progress bar below the lines while the context lasts."""
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[left]}", markup=False),
        )
        with _Ticking(*columns, console=self._console, transient=True) as progress:
            progress.screen = self
            self._progress = progress
            self._task = progress.add_task("start the bench", total=1.0, left="")
            try:
                yield
            finally:
                self._progress = None

    def _say(self, text: str) -> None:
        console = self._console if self._progress is None else self._progress.console
        console.print(Text(text))


class _Ticking(Progress):
    """A progress bar that asks the screen for the time that has passed before it is drawn."""

    screen: Screen | None = None

    def get_renderables(self) -> Iterator[Any]:
        """Yield what is drawn."""
        if self.screen is not None:
            self.screen.tick()
        yield from super().get_renderables()


@contextmanager
def open_screen(data_folder: Path, *, quiet: bool) -> Iterator[Screen]:
    """Open the screen for one run; a quiet one shows nothing but the refusal or the object."""
    console = open_console(quiet=quiet)
    screen = Screen(console, _last_durations_s(data_folder))
    with ExitStack() as stack:
        if console.is_terminal and not quiet:
            stack.enter_context(screen.live())
        yield screen


def _last_durations_s(data_folder: Path) -> dict[str, float]:
    """Return how long each step took in the newest run that passed, if there is one."""
    for folder in sorted((data_folder / RUNS).glob("*Z-*"), reverse=True)[:5]:
        try:
            record = record_of(folder)
        except (RecordError, ValueError, KeyError):
            continue
        if record.outcome is Outcome.PASS:
            return {step.step: step.duration_s for step in record.steps}
    return {}
