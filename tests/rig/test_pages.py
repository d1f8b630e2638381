"""The commands that README and docs tell exist as they are told, with every option."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from ledcal.rig.cli import app

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def told(page: Path) -> list[str]:
    """Return each command that a page tells, up to where its explanation begins."""
    text = page.read_text(encoding="utf-8")
    shown = re.findall(r"^    (?:.*/)?(ledcal [a-z].*)$", text, re.MULTILINE)
    inline = re.findall(r"`(ledcal [a-z][^`]*)`", text.replace("\n", " "))
    single = (one for line in (*shown, *inline) for one in line.split(" , "))
    return [re.split(r"  +| #|;", command)[0] for command in single]


def wrong(command: str) -> list[str]:
    """Return what a command that is told has and ledcal has not."""
    words = re.sub(r'"[^"]*"', "TEXT", command).split()[1:]
    # `review|approve` stands for both.
    found = []
    for name in words[0].split("|"):
        one = getattr(get_command(app), "commands", {}).get(name)
        if one is None:
            found.append(name)
            continue
        below = getattr(one, "commands", {})
        names = words[1].split("|") if below and len(words) > 1 else []
        found += [f"{name} {sub}" for sub in names if sub not in below]
        known = {
            option
            for each in (one, *(below[sub] for sub in names if sub in below))
            for parameter in each.params
            for option in parameter.opts
        }
        found += [word for word in words if word.startswith("--") and word not in known]
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_a_page_tells_exists(page: Path) -> None:
    assert {command: found for command in told(page) if (found := wrong(command))} == {}


def test_the_readme_tells_commands_that_are_looked_at() -> None:
    assert len(told(ROOT / "README.md")) > 50
    assert wrong("ledcal report RUN --odf FILE") == ["--odf"]
    assert wrong("ledcal key make NAME") == ["key make"]
