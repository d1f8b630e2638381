"""Every small mistake that can be made in the C sources is found, or changes nothing they do."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.loader.mutants import Mutant, equivalent_mutants, mutants
from tests.loader.slot_dialogue import SlotDialogue
from tests.loader.toolchain import (
    FIRMWARE,
    HERE,
    HOST,
    LOADER,
    SANITIZED,
    SLOTS,
    answers,
    run,
)

Dialogue = tuple[list[str], list[str]]


class Host:
    """The host program compiled once without one of its sources, of which mutants are linked."""

    def __init__(self, folder: Path, without: Path, *options: str) -> None:
        self.folder = folder
        folder.mkdir()
        self.options: list[str | Path] = ["-w", "-std=c99", *options, "-I", FIRMWARE, "-I", HERE]
        others = [source for source in (*HOST, LOADER) if source != without]
        self.objects = [folder / f"{source.stem}.o" for source in others]
        for source, compiled in zip(others, self.objects, strict=True):
            run("gcc", *self.options, "-c", source, "-o", compiled)

    def finds(self, number: int, source: str, dialogue: Dialogue) -> bool | None:
        """Tell whether the answers differ; None when the source does not compile."""
        file, program = self.folder / f"{number}.c", self.folder / f"{number}"
        file.write_text(source, encoding="utf-8")
        try:
            run("gcc", *self.options, file, *self.objects, "-o", program)
        except AssertionError:
            return None
        commands, expected = dialogue
        # a mutant that never ends is found after five seconds of computing
        limited: list[str | Path] = ["bash", "-c", 'ulimit -t 5 && exec "$0"', program]
        try:
            return answers(limited, commands) != expected
        except (AssertionError, UnicodeDecodeError):
            return True
        finally:
            program.unlink()


@pytest.mark.parametrize("source", [LOADER, SLOTS], ids=lambda path: path.name)
def test_no_mutant_survives(
    source: Path,
    thorough: Dialogue,
    slots: SlotDialogue,
    tmp_path: Path,
    proves: Callable[[str, int], None],
) -> None:
    dialogue = thorough if source == LOADER else (slots.commands, slots.expected)
    plain = Host(tmp_path / "plain", source, "-O0")
    sanitized = Host(tmp_path / "sanitized", source, *SANITIZED)
    original = source.read_text(encoding="utf-8")
    assert sanitized.finds(0, original, dialogue) is False

    def found(numbered: tuple[int, Mutant]) -> bool | None:
        number, mutant = numbered
        by_answer = plain.finds(number, mutant.source, dialogue)
        # what gives the same answers may still read where it must not
        return (
            by_answer
            if by_answer is not False
            else sanitized.finds(number, mutant.source, dialogue)
        )

    every = list(mutants(original))
    with ThreadPoolExecutor(2) as pool:
        fates = list(pool.map(found, enumerate(every)))
    survivors = [m for m, fate in zip(every, fates, strict=True) if fate is False]
    known = equivalent_mutants(source.name)
    unexplained = [m for m in survivors if (m.original, m.changed) not in known]
    assert not unexplained, "\n".join(str(mutant) for mutant in unexplained)
    stale = set(known) - {(m.original, m.changed) for m in survivors}
    assert not stale, f"equivalent_mutants.txt: these are found or gone, remove them: {stale}"
    assert fates.count(True) > 0
    judged = len(every) - fates.count(None)
    proves(f"mutants of {source.name}, all found or equivalent", judged)
    proves(f"  of {source.name} equivalent, each with its reason", len(survivors))
