"""What keeping one event costs as a journal grows, and what two others need for as many."""

import json
import os
import shutil
import subprocess
import venv
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from ledcal.rig.journal import JOURNAL, Journal
from tests.bench import samples
from tests.bench.figure import Figure, Row
from tests.bench.stopwatch import Cost, cost_of, cost_once
from tests.reports.conftest import whole_run

SIZES = (100, 1000, 10_000, 100_000)
PEER_SIZES = (100, 1000)
PEERS = {"openhtf": "OpenHTF, a phase each, its JSON file", "hardpy": "HardPy, a test each, JSON"}
_SCRIPTS = Path(__file__).with_name("peers")
_INSTALL_WALL_S, _RUN_WALL_S = 600.0, 1800.0


def journal_figures(folder: Path) -> Iterator[Figure]:
    event = next(e for e in whole_run() if e.get("measurand") == "irradiance at full drive")
    facts = samples.facts_of(event)
    journal = Journal.create(folder)
    journal.append("measured", facts)
    line = (folder / JOURNAL).read_bytes()
    bare = os.open(folder / "bare", os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def write() -> None:
        os.write(bare, line)
        os.fdatasync(bare)

    one, other = cost_of(lambda: journal.append("measured", facts), write, count=300)
    journal.close()
    os.close(bare)
    yield Figure(
        title=f"one result of {len(line)} bytes, on disk (limit 0.3 ms CPU)",
        rows=[Row(text="Journal.append", cost=one)],
        bare=Row(text="os.write and os.fdatasync", cost=other),
    )


def growth_figures(folder: Path) -> Iterator[Figure]:
    """One measurement an event, as the two others keep them below."""
    journal = Journal.create(folder)
    facts = {"measurand": "irradiance", "value": 100.0, "unit": "W/m2", "lower": 90.0}
    rows, size = [], 0

    def grow(events: int) -> None:
        for number in range(events):
            journal.append("measured", {**facts, "upper": 110.0, "number": number})

    for wanted in SIZES:
        gained = wanted - size
        cost = each(cost_once(partial(grow, gained)), gained)
        rows.append(Row(text=f"Journal.append, events {size + 1} to {wanted}", cost=cost))
        size = wanted
    journal.close()
    yield Figure(title="each event of a journal that grows, on disk before the next", rows=rows)


def peer_figures(folder: Path) -> Iterator[Figure]:
    """The same measurements kept by others, installed for this run and removed after it."""
    for package, text in PEERS.items():
        home = folder / package
        trouble = _installed(package, home)
        rows = []
        for count in PEER_SIZES if not trouble else ():
            where = folder / f"{package}-{count}"
            where.mkdir()
            said = _run(package, home, count, where)
            if isinstance(said, str):
                trouble = said
                break
            rows.append(Row(text=text, cost=each(said, count), note=f"{count} in all"))
        version = "" if trouble else f" {_version(package, home)}"
        title = f"{package}{version}: each measurement of a whole test"
        yield Figure(title=f"{title}: {trouble}" if trouble else title, rows=rows)
        shutil.rmtree(home, ignore_errors=True)  # hundreds of megabytes


def each(whole: Cost, count: int) -> Cost:
    """Return what one of so many costs."""
    return Cost(cpu_s=whole.cpu_s / count, wall_s=whole.wall_s / count, count=count)


def _python(home: Path) -> str:
    return str(home / "bin" / "python")


def _installed(package: str, home: Path) -> str:
    """Install into an environment of its own; return why it is not there, if so."""
    command = [_python(home), "-m", "pip", "install", "--quiet", package]
    try:
        venv.create(home, with_pip=True)
        done = _bare(command, home, _INSTALL_WALL_S)
    except (OSError, subprocess.SubprocessError) as error:
        return f"not installed: {error}"
    if done.returncode == 0:
        return ""
    said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
    return f"not installed: {said[-1] if said else 'pip failed'}"


def _version(package: str, home: Path) -> str:
    code = f"from importlib.metadata import version; print(version({package!r}))"
    return _bare([_python(home), "-c", code], home, _RUN_WALL_S).stdout.strip()


def _run(package: str, home: Path, count: int, folder: Path) -> Cost | str:
    """Return what the whole test cost, or why it did not run."""
    script = str(_SCRIPTS / f"{package}_records.py")
    try:
        done = _bare([_python(home), script, str(count), str(folder)], folder, _RUN_WALL_S)
        said = json.loads(done.stdout.splitlines()[-1])
    except subprocess.TimeoutExpired:
        return f"{count} took longer than {_RUN_WALL_S:g} s"
    except (IndexError, ValueError):
        return f"did not run: {(done.stderr.strip().splitlines() or ['no words'])[-1]}"
    if not said["passed"] or said["kept"] < count:
        return f"passed: {said['passed']}, kept {said['kept']} of {count}"
    return Cost(cpu_s=said["cpu_s"], wall_s=said["wall_s"], count=1)


def _bare(command: list[str], folder: Path, limit_s: float) -> subprocess.CompletedProcess[str]:
    """Run without anything of this project's own environment."""
    return subprocess.run(
        command,
        cwd=folder,
        env={key: os.environ[key] for key in os.environ if not key.startswith("PYTHON")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=limit_s,
        check=False,
    )
