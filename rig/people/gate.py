"""The gate before each command that needs a right: who does it, and how that is known.

A station asks when its file says `sign_on = "required"`. A command that has no station file asks
as soon as anybody has an account in the record store that it works on.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from ledcal.reports.text import legible
from ledcal.rig.errors import RefusedInput
from ledcal.rig.keys import engineering_key
from ledcal.rig.people.account import People, folded, has_accounts
from ledcal.rig.people.ask import Asker, open_asker
from ledcal.rig.people.rights import SIGNING, Action, Permit, read_permit, require
from ledcal.rig.people.shift import ShiftEnded, resume_shift
from ledcal.rig.people.sign_on import SignedOn, sign_again, sign_on
from ledcal.rig.run import NOT_RECORDED, Request
from ledcal.rig.settings import SettingsFile
from ledcal.rig.station import Station, beside
from ledcal.rig.store.opened import STORE, open_store, open_store_to_read, store_url

BADGE, PIN = "badge", "PIN"


@contextmanager
def open_people(data_folder: Path, station: str = "", url: str | None = None) -> Iterator[People]:
    """Open the accounts of a data folder, or of another store that it works with.

    Raises:
        RefusedInput: The store's URL is refused.
        StationError: The store cannot be used.
    """
    key = engineering_key(data_folder)
    with open_store(url or store_url(data_folder)) as store:
        yield People(store=store, key=key, station=station)


def permitted_request(request: Request, station: SettingsFile[Station], action: Action) -> Request:
    """Return a request with the name of whoever is signed on; unchanged where nobody need be.

    The accounts are those of the data folder that the station file names, wherever a run is kept.

    Args:
        request: As it was typed.
        station: Where it is to happen.
        action: What is to happen.

    Raises:
        RefusedInput: An operator was typed although this station asks, or the person has no right.
        StationError: The store cannot be used.
    """
    if station.settings.sign_on is None:
        return request
    _require_untyped(request.operator, "--operator", str(station.path))
    permit = _permit(accounts_folder(station), action, request.serial, station.settings.name)
    if request.engineer != NOT_RECORDED:
        _require_answer(request, permit, station)
    return replace(request, operator=permit.name, performer=permit.performer)


def require_permit(
    request: Request, station: SettingsFile[Station], action: Action, entry: int | None
) -> Request:
    """Return a request with its performer, as the log itself tells of the permit.

    For the process that acts: it does not believe the one that started it.

    Args:
        request: As the other process handed it over.
        station: Where it is to happen.
        action: What is to happen.
        entry: Number of the log's entry, None when no permit was handed over.

    Raises:
        RefusedInput: The station asks for badge and PIN, and there is no such permit.
        StationError: The store cannot be used.
    """
    if station.settings.sign_on is None:
        return request
    if entry is None:
        raise RefusedInput(
            "SIGN_ON",
            f"{station.path}: this station asks for badge and PIN; start it with `ledcal`, which "
            "does",
        )
    url = store_url(accounts_folder(station))
    with open_store_to_read(url) as store, store.reading() as connection:
        permit = read_permit(connection, entry, action, request.serial, datetime.now(UTC))
    if permit.name != request.operator:
        raise RefusedInput("SIGN_ON", f"entry {entry} of the log is not {request.operator!r}'s")
    return replace(request, performer=permit.performer)


def permitted_name(
    data_folder: Path,
    action: Action,
    about: str,
    typed: str | None,
    option: str,
    url: str | None = None,
) -> str:
    """Return who does something in a data folder: whoever signs on, or who was typed.

    Args:
        data_folder: The folder.
        action: What is to be done.
        about: To what.
        typed: The name on the command line; None or "not recorded" for none.
        option: Where it was typed, "--name" for example.
        url: Store instead of the data folder's own.

    Raises:
        RefusedInput: A name was typed although people have accounts here, or none although
            nobody has; or the person has no right.
        StationError: The store cannot be used.
    """
    if not is_guarded(data_folder, url):
        if typed is None:
            raise RefusedInput("NAME", f"{option}: say who does it")
        return typed
    _require_untyped(typed, option, str(data_folder))
    return _permit(data_folder, action, about, "", url).name


def confirmed_name(
    data_folder: Path, action: Action, about: str, typed: str | None, option: str
) -> str | None:
    """Return the name of whoever signs on, who has to be the person that was typed, if any.

    Where nobody has an account it is the name that was typed.

    Args:
        data_folder: Where it is to be done.
        action: What is to be done.
        about: To what.
        typed: The name on the command line, under which a key signs.
        option: Where it was typed, "--name" for example.

    Raises:
        RefusedInput: Another person signs on, or the person has no right.
        StationError: The store cannot be used.
    """
    if not is_guarded(data_folder):
        return typed
    name = _permit(data_folder, action, about, "").name
    if typed is not None and folded(typed) != folded(name):
        raise RefusedInput(
            "TYPED_NAME",
            f"{option} {legible(typed)!r}: {legible(name)!r} is signed on; each person signs in "
            "the own name",
        )
    return name


def require_permitted(
    data_folder: Path, action: Action, about: str, url: str | None = None
) -> None:
    """Refuse what has no name of its own to a person who has no right to it.

    Raises:
        RefusedInput: People have accounts here, and this one has no right.
        StationError: The store cannot be used.
    """
    if is_guarded(data_folder, url):
        _permit(data_folder, action, about, "", url)


def is_guarded(data_folder: Path, url: str | None = None) -> bool:
    """Tell whether anybody has an account in a data folder, or in the store that it works with.

    Raises:
        RefusedInput: The URL is none of a store.
        StationError: There is a store, and it cannot be read.
    """
    if url is None and not (data_folder / STORE).exists():
        return False
    # Another store may be a new database, which its first use makes a store.
    opened = open_store_to_read(store_url(data_folder)) if url is None else open_store(url)
    with opened as store, store.reading() as connection:
        return has_accounts(connection)


def require_accounts(data_folder: Path, url: str | None = None) -> None:
    """Refuse a data folder in which nobody has an account, and leave it as it is.

    Raises:
        RefusedInput: Says how to begin.
        StationError: There is a store, and it cannot be read.
    """
    if not is_guarded(data_folder, url):
        raise RefusedInput(
            "NO_ACCOUNTS",
            f"nobody has an account in {data_folder}: begin with an approver, `ledcal person add "
            f"NAME --role approver --data {data_folder}`",
        )


def accounts_folder(station: SettingsFile[Station]) -> Path:
    """Return the data folder whose accounts a station believes."""
    return beside(station, station.settings.data_folder)


def asked(people: People, asker: Asker, badge: str | None = None) -> SignedOn:
    """Ask for badge and PIN and sign that person on.

    Args:
        people: Where the accounts are.
        asker: Asks.
        badge: What the badge says, where it was asked for already.

    Raises:
        RefusedInput: They are not right, or cannot be asked for.
        StationError: The store refuses.
    """
    shown = asker.ask(BADGE) if badge is None else badge
    return sign_on(people, shown, asker.ask(PIN))


def _permit(
    data_folder: Path, action: Action, about: str, station: str, url: str | None = None
) -> Permit:
    require_accounts(data_folder, url)
    with open_people(data_folder, station, url) as people, open_asker() as asker:
        person = who_is_there(people, asker, action, url or store_url(data_folder))
        return require(people, person, action, about)


def who_is_there(people: People, asker: Asker, action: Action, url: str) -> SignedOn:
    """Return who is there: by badge and PIN, or of the shift, whose PIN each signature needs.

    Args:
        people: Where the accounts are.
        asker: Asks.
        action: What for.
        url: Of the store.

    Raises:
        RefusedInput: Badge or PIN are not right, or cannot be asked for.
        StationError: The store refuses.
    """
    signs = action in SIGNING
    if asker.lies_on_disk and signs:
        raise RefusedInput(
            "SIGN_ON",
            f"to {action.value} a person stands: the PIN comes from the terminal or through a "
            "pipe, never from a file that lies on a disk",
        )
    if asker.is_told:
        return asked(people, asker)
    try:
        kept = resume_shift(people, url)
    except ShiftEnded as ended:
        try:
            return asked(people, asker)
        except RefusedInput as error:
            raise RefusedInput(error.code, f"{ended.text}; {error.text}") from error
    if kept is None:
        return asked(people, asker)
    if signs:
        return sign_again(people, kept.name, asker.ask(f"{PIN} of {legible(kept.name)}"))
    return kept


def _require_untyped(typed: str | None, option: str, where: str) -> None:
    if typed not in (None, NOT_RECORDED):
        raise RefusedInput(
            "TYPED_NAME",
            f"{option} {legible(str(typed))!r}: {where} asks for badge and PIN, and takes the "
            f"name from the account; leave {option} out",
        )


def _require_answer(request: Request, permit: Permit, station: SettingsFile[Station]) -> None:
    """Let only an engineer answer for a run that was on hold, in the own name."""
    if request.engineer != permit.name:
        raise RefusedInput(
            "ENGINEER",
            f"--engineer {legible(request.engineer)!r}: {permit.name!r} is signed on, and only "
            "the engineer who answers for the run may start it: that person signs on",
        )
    folder = accounts_folder(station)
    with open_people(folder, station.settings.name) as people:
        person = SignedOn(
            name=permit.name, role=permit.role, entry=permit.entry, at=datetime.now(UTC)
        )
        require(people, person, Action.ANSWER, request.serial)
