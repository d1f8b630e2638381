"""Accounts: who there is, with role, badge and PIN; a row for each change, the newest counts."""

import json
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import Connection, insert, inspect, select

from ledcal.reports.text import legible
from ledcal.rig.errors import RefusedInput, StationError
from ledcal.rig.folder import canonical, sha256_hex
from ledcal.rig.keys import SigningKey
from ledcal.rig.people.secret import badge_hash, pin_hash, require_badge, require_pin
from ledcal.rig.run import NOT_RECORDED
from ledcal.rig.store.log import LogEntry, append, checkpoint, origin
from ledcal.rig.store.opened import Store
from ledcal.rig.store.schema import ACCOUNT, LOG_ENTRY

Role = Literal["technician", "engineer", "approver", "auditor"]
ROLES: tuple[Role, ...] = get_args(Role)
LONGEST_NAME = 80
ADDED, DISABLED = "person added", "person disabled"
PIN_CHANGED, UNLOCKED = "PIN changed", "person unlocked"


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """The accounts of a record store, and the key that signs what enters their log.

    Attributes:
        store: Open, to add.
        key: Signs the log's checkpoints.
        station: Where it is, for the log; empty where no station file is in play.
    """

    store: Store
    key: SigningKey
    station: str = ""

    def enter(
        self,
        connection: Connection,
        kind: str,
        subject: str,
        who: str,
        facts: Mapping[str, Any],
        at: datetime | None = None,
    ) -> int:
        """Enter what happened into the log, in a transaction of the store; return its number."""
        entry = LogEntry(kind=kind, subject=subject, who=who, station=self.station, facts=facts)
        number = append(connection, entry, at)
        checkpoint(connection, origin(connection), self.key)
        return number


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One person, as the newest row says.

    Attributes:
        name: As it stands in every record.
        role: What the person may do.
        badge: Hash of what the badge says.
        pin: Hash of the PIN.
        active: False once the account is disabled; it is never used again.
        entry: Number of the log's entry that tells of this row.
    """

    name: str
    role: Role
    badge: str
    pin: str
    active: bool = True
    entry: int = -1

    @property
    def sha256(self) -> str:
        """Hash of the row, as its entry in the log has it; the PIN's salt keeps it secret."""
        said = {name: value for name, value in asdict(self).items() if name != "entry"}
        return sha256_hex(canonical(said))


def has_accounts(connection: Connection) -> bool:
    """Tell whether anybody has an account, by the rows or by the log alone."""
    if next(_rows(connection), None) is not None:
        return True
    # Whoever takes the rows away does not open the gate.
    told = select(LOG_ENTRY.c.number).where(LOG_ENTRY.c.kind == ADDED).limit(1)
    return connection.execute(told).first() is not None


def accounts(connection: Connection) -> list[Account]:
    """Return everybody's account, the disabled ones too, in the order in which they were added.

    Raises:
        StationError: A row is not what the log says, or is gone: somebody changed the store.
    """
    wrong = list(account_words(connection))
    if wrong:
        raise StationError(
            "ACCOUNTS",
            f"the accounts were changed past their log ({'; '.join(wrong)}): nobody signs on "
            "until the store is restored from a backup",
        )
    return list({one.name: one for one in _rows(connection)}.values())


def account_words(connection: Connection) -> Iterator[str]:
    """Tell what is wrong with the accounts; nothing when each row is what the log says."""
    told = _told(connection)
    for one in _rows(connection):
        try:
            said = (one.name, one.sha256)
        except (ValueError, TypeError):  # bytes where a text was
            said = ("nobody", "")
        if told.pop(one.entry, None) != said:
            yield f"that of {legible(str(one.name))} is not what entry {one.entry} of the log says"
    for number, (name, _) in told.items():
        yield f"that of {legible(name)} is gone, of which entry {number} of the log tells"


def account_of(connection: Connection, name: str) -> Account:
    """Return somebody's account; capitals make no difference.

    Raises:
        RefusedInput: There is none of this name.
        StationError: As `accounts`.
    """
    for one in accounts(connection):
        if folded(one.name) == folded(name):
            return one
    raise RefusedInput(
        "PERSON", f"{legible(name)!r}: nobody here has this name; `ledcal person list` shows all"
    )


def add_account(
    people: People, name: str, role: str, badge: str, pin: str, by: str | None
) -> Account:
    """Add somebody's account.

    Args:
        people: Where.
        name: Unique, also without regard to capitals; never given to another person later.
        role: One of `ROLES`.
        badge: What the badge says; no other account has it.
        pin: The first PIN.
        by: The approver who adds it; None only for the first account of all.

    Raises:
        RefusedInput: Name, role, badge or PIN are refused; nothing was added.
        StationError: The store refuses, or was changed.
    """
    known = require_name_and_role(name, role)
    require_badge(badge)
    require_pin(pin, badge)
    with people.store.adding() as connection:
        there = accounts(connection)
        if (by is None) != (not there):
            raise RefusedInput(
                "FIRST",
                "somebody has an account here already: an approver signs on and adds the next",
            )
        require_new(there, name)
        hashed = badge_hash(badge, there[0].badge if there else None)
        if any(one.badge == hashed for one in there):
            raise RefusedInput(
                "BADGE", "this badge is another account's, perhaps a disabled one's; take another"
            )
        made = Account(name=name, role=known, badge=hashed, pin=pin_hash(pin))
        return write_account(people, connection, made, ADDED, by or name)


def require_name_and_role(name: str, role: str) -> Role:
    """Refuse a name that no record should hold, and an unknown role; return the role.

    Raises:
        RefusedInput: Says what is allowed.
    """
    plain = 1 <= len(name) <= LONGEST_NAME and name.isprintable() and name == name.strip()
    if not plain or name.startswith("-") or folded(name) == folded(NOT_RECORDED):
        raise RefusedInput(
            "NAME",
            f"name {legible(name)!r}: is 1 to {LONGEST_NAME} printable letters, without spaces at "
            f"its ends or a hyphen at its beginning, and not {NOT_RECORDED!r}",
        )
    known = next((one for one in ROLES if one == role), None)
    if known is None:
        raise RefusedInput("ROLE", f"role {legible(role)!r}: is none of {', '.join(ROLES)}")
    return known


def require_new(there: list[Account], name: str) -> None:
    """Refuse a name that somebody has, or had.

    Raises:
        RefusedInput: It is taken.
    """
    if any(folded(one.name) == folded(name) for one in there):
        raise RefusedInput(
            "NAME",
            f"name {name!r}: is another account's, perhaps a disabled one's; add a middle "
            "name, so that records tell the two apart",
        )


def disable_account(people: People, name: str, by: str) -> Account:
    """Disable an account for good; whoever comes back is given another one.

    Raises:
        RefusedInput: There is none, it is disabled, or it is the last approver's.
        StationError: The store refuses, or was changed.
    """
    with people.store.adding() as connection:
        one = account_of(connection, name)
        if not one.active:
            raise RefusedInput("PERSON", f"{one.name!r}: is disabled already")
        others = [each for each in accounts(connection) if each.name != one.name and each.active]
        if one.role == "approver" and not any(each.role == "approver" for each in others):
            raise RefusedInput(
                "LAST_APPROVER",
                f"{one.name!r}: is the only approver; add another one first: nobody else could "
                "add, unlock or disable anybody",
            )
        return write_account(people, connection, replace(one, active=False), DISABLED, by)


def change_pin(people: People, name: str, badge: str, pin: str, by: str) -> Account:
    """Give an account another PIN; a lock by wrong PINs ends with it.

    Args:
        people: Where.
        name: Whose account.
        badge: What the badge says that belongs to it.
        pin: The new PIN.
        by: That person, or an approver.

    Raises:
        RefusedInput: There is no such account, badge or PIN are refused.
        StationError: The store refuses, or was changed.
    """
    require_pin(pin, badge)
    with people.store.adding() as connection:
        one = account_of(connection, name)
        if not one.active:
            raise RefusedInput("PERSON", f"{one.name!r}: is disabled; add another account")
        if badge_hash(badge, one.badge) != one.badge:
            raise RefusedInput("BADGE", f"this is not the badge of {one.name!r}; scan that one")
        return write_account(people, connection, replace(one, pin=pin_hash(pin)), PIN_CHANGED, by)


def write_account(
    people: People, connection: Connection, one: Account, kind: str, by: str
) -> Account:
    """Add a row and the entry that tells of it, in one transaction."""
    facts = {"role": one.role, "active": one.active, "account_sha256": one.sha256}
    number = people.enter(connection, kind, one.name, by, facts)
    kept = replace(one, entry=number)
    connection.execute(insert(ACCOUNT).values(**asdict(kept)))
    return kept


def folded(name: str) -> str:
    """Return a name so that two which look alike but for capitals and form are equal."""
    return unicodedata.normalize("NFKC", name).casefold()


def _rows(connection: Connection) -> Iterator[Account]:
    """Yield every row, the oldest first; a store of an older ledcal has none."""
    if inspect(connection).has_table(ACCOUNT.name):
        rows = connection.execute(select(ACCOUNT).order_by(ACCOUNT.c.entry))
        yield from (Account(**row) for row in rows.mappings())


def _told(connection: Connection) -> dict[int, tuple[str, str]]:
    """Return whose rows the log tells of, and their hashes, by the number of the entry."""
    found = {}
    rows = connection.execute(
        select(LOG_ENTRY.c.number, LOG_ENTRY.c.entry)
        .where(LOG_ENTRY.c.kind.in_((ADDED, DISABLED, PIN_CHANGED)))
        .order_by(LOG_ENTRY.c.number)
    )
    for number, content in rows:
        try:
            said = json.loads(bytes(content))
            found[number] = (str(said["subject"]), str(said["facts"]["account_sha256"]))
        except (ValueError, KeyError, TypeError, RecursionError):
            found[number] = ("", "")
    return found
