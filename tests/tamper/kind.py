"""What a kind of tampering is, and the simplest ways to do one."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ledcal.rig.run import RUNS
from ledcal.rig.statements import STATEMENTS
from tests.tamper.archive import NAMES, Archive

Act = Callable[[Archive], object]
ONE, TWO, LAST = NAMES
APPROVED = f"{STATEMENTS}/{TWO}/02-approved.dsse.json"


@dataclass(frozen=True)
class Kind:
    """One kind.

    Attributes:
        words: What is done, as the table tells it.
        act: Does it.
        file: Name in the finding.
        says: Part of the finding's text.
        outside: The certificate that was kept elsewhere and is needed to find it out.
    """

    words: str
    act: Act
    file: str
    says: str
    outside: str = ""


def replaced(name: str, old: bytes, new: bytes, run: str = TWO) -> Act:
    """Change a text in a file of a run."""

    def act(archive: Archive) -> None:
        path = archive.data / RUNS / run / name
        content = path.read_bytes()
        assert old in content, (name, old)
        path.write_bytes(content.replace(old, new))

    return act


def in_run(change: Callable[[Path], object], run: str = TWO) -> Act:
    """Do something in a run's folder."""
    return lambda archive: change(archive.data / RUNS / run)


def cut(name: str) -> Act:
    def change(run: Path) -> None:
        path = run / name
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    return in_run(change)


def exchanged_between_runs(name: str) -> Act:
    def act(archive: Archive) -> None:
        one, two = (archive.data / RUNS / run / name for run in (ONE, TWO))
        content = one.read_bytes()
        one.write_bytes(two.read_bytes())
        two.write_bytes(content)

    return act


def rename(old: str, new: str) -> Act:
    return lambda archive: (archive.data / old).rename(archive.data / new)
