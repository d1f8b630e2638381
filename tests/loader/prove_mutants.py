"""Every small mistake that can be made in the loader is found, or changes nothing that it does."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.loader.mutants import Mutant, mutants
from tests.loader.toolchain import FIRMWARE, HERE, HOST, LOADER, SANITIZED, answers, run


def equivalent() -> dict[tuple[str, str], str]:
    """Read (line, changed line) -> why nobody can see the difference."""
    text = (HERE / "equivalent_mutants.txt").read_text(encoding="utf-8")
    found = re.findall(r"^- (.+)\n\+ (.+)\n= (.+)$", text, re.MULTILINE)
    return {(line, changed): reason for line, changed, reason in found}


class Host:
    """The host program compiled once without its loader; each mutant is linked to it."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        folder.mkdir()
        self.options: list[str | Path] = ["-w", "-std=c99", *options, "-I", FIRMWARE, "-I", HERE]
        self.objects = [folder / f"{source.stem}.o" for source in HOST]
        for source, compiled in zip(HOST, self.objects, strict=True):
            run("gcc", *self.options, "-c", source, "-o", compiled)

    def finds(
        self, number: int, source: str, dialogue: tuple[list[str], list[str]]
    ) -> bool | None:
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


def test_no_mutant_survives(
    thorough: tuple[list[str], list[str]], tmp_path: Path, proves: Callable[[str, int], None]
) -> None:
    plain, sanitized = Host(tmp_path / "plain", "-O0"), Host(tmp_path / "sanitized", *SANITIZED)
    original = LOADER.read_text(encoding="utf-8")
    assert sanitized.finds(0, original, thorough) is False

    def found(numbered: tuple[int, Mutant]) -> bool | None:
        number, mutant = numbered
        by_answer = plain.finds(number, mutant.source, thorough)
        # what gives the same answers may still read where it must not
        return (
            by_answer
            if by_answer is not False
            else sanitized.finds(number, mutant.source, thorough)
        )

    every = list(mutants(original))
    with ThreadPoolExecutor(2) as pool:
        fates = list(pool.map(found, enumerate(every)))
    survivors = [m for m, fate in zip(every, fates, strict=True) if fate is False]
    known = equivalent()
    unexplained = [m for m in survivors if (m.original, m.changed) not in known]
    assert not unexplained, "\n".join(str(mutant) for mutant in unexplained)
    stale = set(known) - {(m.original, m.changed) for m in survivors}
    assert not stale, f"equivalent_mutants.txt: these are found or gone, remove them: {stale}"
    assert fates.count(True) > 0
    proves("mutants of the loader, all found or equivalent", len(every) - fates.count(None))
    proves("of them equivalent, each with its reason", len(survivors))
