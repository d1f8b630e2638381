"""A store with people in it, in SQLite and in PostgreSQL; a hash costs next to nothing here."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from ledcal.rig.cli import app
from ledcal.rig.keys import engineering_key
from ledcal.rig.people import ask, secret
from ledcal.rig.people.account import People, add_account
from ledcal.rig.people.ask import PIN_FILE
from ledcal.rig.people.secret import Cost
from ledcal.rig.people.sign_on import SignedOn, sign_on
from ledcal.rig.store.opened import open_store, open_store_to_read, store_url
from ledcal.rig.store.schema import LOG_ENTRY
from tests.rig.store.conftest import postgresql, url

__all__ = ["postgresql", "url"]  # fixtures

ROLES = {"Ada": "approver", "Eve": "engineer", "Olu": "auditor", "Tom": "technician"}
PINS = {"Ada": "482915", "Eve": "731904", "Olu": "560283", "Tom": "907261"}
WRONG = "000417"
Tell = Callable[..., None]


def badge_of(name: str) -> str:
    return f"B-{name.upper()}-77"


def add_all(people: People) -> None:
    for name, role in ROLES.items():
        by = None if name == "Ada" else "Ada"
        add_account(people, name, role, badge_of(name), PINS[name], by)


def on(people: People, name: str, pin: str | None = None) -> SignedOn:
    return sign_on(people, badge_of(name), pin or PINS[name])


def ledcal(*arguments: str | Path) -> tuple[int, str]:
    told = CliRunner().invoke(app, [*map(str, arguments)])
    assert told.exception is None or isinstance(told.exception, SystemExit), told.exception
    return told.exit_code, told.output


def said_by(tell: Tell, name: str, *more: str, pin: str | None = None) -> None:
    tell(badge_of(name), pin or PINS[name], *more)


def log_of(folder: Path) -> list[dict[str, Any]]:
    with open_store_to_read(store_url(folder)) as store, store.reading() as connection:
        entries = connection.execute(select(LOG_ENTRY.c.entry).order_by(LOG_ENTRY.c.number))
        return [json.loads(one) for one in entries.scalars()]


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("PIN_COST", "BADGE_COST"):
        monkeypatch.setattr(secret, name, Cost(passes=1, memory_kib=8))
    # Whoever runs the tests at a terminal is not asked.
    monkeypatch.setattr(ask, "_TERMINAL", tmp_path / "no-terminal")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.delenv(PIN_FILE, raising=False)
    monkeypatch.delenv("LEDCAL_DATA", raising=False)
    monkeypatch.chdir(tmp_path)


@contextmanager
def people_at(url: str, folder: Path) -> Iterator[People]:
    with open_store(url) as store:
        yield People(store=store, key=engineering_key(folder), station="bench 1")


@pytest.fixture
def nobody(url: str, tmp_path: Path) -> Iterator[People]:
    """A store in which nobody has an account."""
    with people_at(url, tmp_path) as people:
        yield people


@pytest.fixture
def people(nobody: People) -> People:
    """A store with one person of each role."""
    add_all(nobody)
    return nobody


@pytest.fixture
def crew(tmp_path: Path) -> Path:
    """A data folder with one person of each role."""
    folder = tmp_path / "data"
    folder.mkdir(exist_ok=True)
    with people_at(store_url(folder), folder) as people:
        add_all(people)
    return folder


@pytest.fixture
def tell(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Hand the next command lines through a pipe, as the line's own screen does."""
    opened: list[int] = []

    def hand(*lines: str) -> None:
        theirs, ours = os.pipe()
        os.write(ours, "".join(f"{line}\n" for line in lines).encode())
        os.close(ours)
        opened.append(theirs)
        monkeypatch.setenv(PIN_FILE, f"/dev/fd/{theirs}")

    yield hand
    for number in opened:
        os.close(number)
