"""Sign on by badge and PIN; five wrong PINs in a row lock an account until it is freed."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, select

from ledcal.rig.errors import RefusedInput
from ledcal.rig.people.account import (
    PIN_CHANGED,
    UNLOCKED,
    Account,
    People,
    Role,
    account_of,
    accounts,
)
from ledcal.rig.people.secret import badge_hash, pin_holds
from ledcal.rig.store.schema import LOG_ENTRY

SIGNED_ON, WRONG_PIN, REFUSED = "signed on", "wrong PIN", "sign-on refused"
WRONG_IN_A_ROW = 5
"""So many wrong PINs, and the account is locked."""
UNKNOWN_BADGE = "unknown badge"
_COUNTED = (SIGNED_ON, WRONG_PIN, PIN_CHANGED, UNLOCKED)
_WORDS = (
    "badge or PIN is not right, or the account is disabled or locked; try again. After "
    f"{WRONG_IN_A_ROW} wrong PINs in a row an account is locked: an approver frees it with "
    "`ledcal person unlock NAME`"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedOn:
    """A person who has shown badge and PIN.

    Attributes:
        name: Of the account.
        role: Of the account.
        entry: Number of the log's entry of the sign-on.
        at: When it was; UTC.
    """

    name: str
    role: Role
    entry: int
    at: datetime


def sign_on(
    people: People,
    badge: str,
    pin: str,
    *,
    at: datetime | None = None,
    shift: dict[str, Any] | None = None,
) -> SignedOn:
    """Sign a person on, and enter it into the log, as each refusal is.

    One sign-on at a time: whoever tries many at once has no more tries than one after another.

    Args:
        people: Where the accounts are.
        badge: What the badge says.
        pin: The PIN.
        at: Now, unless another time is given.
        shift: What the log is to keep of a sign-on for a whole shift.

    Raises:
        RefusedInput: In the same words and time, whether the badge is unknown, the PIN is wrong,
            or the account is locked or disabled.
        StationError: The store refuses, or was changed.
    """

    def by_badge(there: Sequence[Account]) -> Account | None:
        hashed = badge_hash(badge, there[0].badge if there else None)
        return next((one for one in there if one.badge == hashed), None)

    return _tried(
        people, by_badge, pin, at or datetime.now(UTC), {"shift": shift} if shift else {}
    )


def sign_again(people: People, name: str, pin: str, *, at: datetime | None = None) -> SignedOn:
    """Let a person who is signed on for a shift show the PIN again, as each signature needs it.

    Args:
        people: Where the accounts are.
        name: Of the account.
        pin: The PIN.
        at: Now, unless another time is given.

    Raises:
        RefusedInput: As `sign_on`.
        StationError: As `sign_on`.
    """

    def by_name(there: Sequence[Account]) -> Account | None:
        return next((one for one in there if one.name == name), None)

    return _tried(people, by_name, pin, at or datetime.now(UTC), {"again": True})


def is_locked(connection: Connection, name: str) -> bool:
    """Tell whether the last tries on an account were all wrong, and too many."""
    last = connection.execute(
        select(LOG_ENTRY.c.kind)
        .where(LOG_ENTRY.c.subject == name, LOG_ENTRY.c.kind.in_(_COUNTED))
        .order_by(LOG_ENTRY.c.number.desc())
        .limit(WRONG_IN_A_ROW)
    )
    kinds = list(last.scalars())
    return len(kinds) == WRONG_IN_A_ROW and set(kinds) == {WRONG_PIN}


def unlock_person(people: People, name: str, by: str) -> Account:
    """Free an account that wrong PINs have locked.

    Raises:
        RefusedInput: There is no such account, or it is not locked.
        StationError: The store refuses, or was changed.
    """
    with people.store.adding() as connection:
        one = account_of(connection, name)
        if not one.active or not is_locked(connection, one.name):
            why = "is not locked" if one.active else "is disabled; add another account"
            raise RefusedInput("PERSON", f"{one.name!r}: {why}")
        people.enter(connection, UNLOCKED, one.name, by, {})
    return one


def read_entry(connection: Connection, number: int) -> dict[str, Any]:
    """Return what an entry of the log says; nothing where there is none, or a damaged one."""
    content = connection.execute(
        select(LOG_ENTRY.c.entry).where(LOG_ENTRY.c.number == number)
    ).scalar()
    try:
        said = json.loads(bytes(content or b"{}"))
    except (ValueError, TypeError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _tried(
    people: People,
    find: Callable[[Sequence[Account]], Account | None],
    pin: str,
    at: datetime,
    facts: dict[str, Any],
) -> SignedOn:
    with people.store.adding() as connection:
        one = find(accounts(connection))
        # Computed for everybody: the time is that of the hash, whatever comes of it.
        holds = pin_holds(pin, None if one is None else one.pin)
        if one is None:
            people.enter(connection, REFUSED, UNKNOWN_BADGE, UNKNOWN_BADGE, {}, at)
        elif not one.active or is_locked(connection, one.name):
            why = "locked" if one.active else "disabled"
            people.enter(connection, REFUSED, one.name, one.name, {"why": why}, at)
        elif not holds:
            people.enter(connection, WRONG_PIN, one.name, one.name, {}, at)
        else:
            number = people.enter(
                connection, SIGNED_ON, one.name, one.name, {"role": one.role} | facts, at
            )
            return SignedOn(name=one.name, role=one.role, entry=number, at=at)
    # Outside: an error within would take back what was just entered.
    raise RefusedInput("SIGN_ON", _WORDS)
