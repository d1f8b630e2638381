"""Which role may do what: one table, and one function that looks into it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from sqlalchemy import Connection

from ledcal.reports.text import legible
from ledcal.rig.errors import RefusedInput
from ledcal.rig.people.account import People, Role
from ledcal.rig.people.sign_on import SignedOn, read_entry

PERMITTED, NOT_PERMITTED = "action permitted", "action refused"
BADGE_AND_PIN = "badge and PIN"
_PERMIT_LASTS = timedelta(minutes=10)
"""From a permit to the process that acts on it."""


class Action(Enum):
    """What somebody needs a right for; the value is what the log calls it."""

    CALIBRATE = "calibrate"
    PROVE = "prove"
    INSTALL = "install"
    READ_BACK = "read back"
    DRIVE = "drive by hand"
    ANSWER = "answer for a run on hold"
    UNLOCK_PANEL = "unlock a panel"
    REVIEW = "review"
    APPROVE = "approve"
    SIGN = "sign after review"
    RELEASE = "release a product file"
    KEYS = "trust or retire a key"
    INSTRUMENTS = "change the register of instruments"
    OVERRIDE = "let an overdue certificate be used"
    AMEND = "amend a record"
    RETENTION = "set how long records are kept"
    DELETION = "delete a run"
    REVIEW_LOG = "review the log"
    ADMIT = "admit a station"
    ACCOUNTS = "change accounts"


RIGHTS: dict[Action, frozenset[Role]] = {
    Action.CALIBRATE: frozenset({"technician", "engineer"}),
    Action.PROVE: frozenset({"technician", "engineer"}),
    Action.INSTALL: frozenset({"technician", "engineer"}),
    Action.READ_BACK: frozenset({"technician", "engineer", "approver", "auditor"}),
    Action.DRIVE: frozenset({"engineer"}),
    Action.ANSWER: frozenset({"engineer"}),
    Action.UNLOCK_PANEL: frozenset({"engineer", "approver"}),
    Action.REVIEW: frozenset({"engineer", "approver"}),
    Action.APPROVE: frozenset({"approver"}),
    Action.SIGN: frozenset({"engineer", "approver"}),
    Action.RELEASE: frozenset({"engineer", "approver"}),
    Action.KEYS: frozenset({"approver"}),
    Action.INSTRUMENTS: frozenset({"approver"}),
    Action.OVERRIDE: frozenset({"approver"}),
    Action.AMEND: frozenset({"engineer", "approver"}),
    Action.RETENTION: frozenset({"approver"}),
    Action.DELETION: frozenset({"approver"}),
    Action.REVIEW_LOG: frozenset({"engineer", "approver", "auditor"}),
    Action.ADMIT: frozenset({"approver"}),
    Action.ACCOUNTS: frozenset({"approver"}),
}
SIGNING = frozenset(
    {
        Action.REVIEW,
        Action.APPROVE,
        Action.SIGN,
        Action.RELEASE,
        Action.KEYS,
        Action.INSTRUMENTS,
        Action.OVERRIDE,
        Action.AMEND,
        Action.RETENTION,
        Action.DELETION,
        Action.REVIEW_LOG,
        Action.ADMIT,
        Action.ACCOUNTS,
    }
)
"""A person stands for these: the PIN is asked for each time (21 CFR 11.200)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """That a person may do one thing now, as the log has it.

    Attributes:
        name: Who.
        role: As what.
        entry: Number of the log's entry.
    """

    name: str
    role: Role
    entry: int

    @property
    def performer(self) -> dict[str, str]:
        """What a record keeps of how its operator is known."""
        return {"role": self.role, "signed_on": BADGE_AND_PIN, "log_entry": str(self.entry)}


def require(people: People, person: SignedOn, action: Action, about: str) -> Permit:
    """Let a person who is signed on do something, or refuse it; the log has it either way.

    Args:
        people: Where the accounts are.
        person: Who.
        action: What.
        about: To what: a serial, a run, a file.

    Raises:
        RefusedInput: The role has no right to it; says which has.
        StationError: The store refuses.
    """
    may = person.role in RIGHTS[action]
    facts = {"action": action.value, "role": person.role, "sign_on": person.entry}
    with people.store.adding() as connection:
        kind = PERMITTED if may else NOT_PERMITTED
        number = people.enter(connection, kind, legible(about), person.name, facts)
    if not may:
        raise RefusedInput(
            "RIGHTS",
            f"{person.name!r} is {_a(person.role)}; to {action.value} is for "
            f"{' or '.join(_a(one) for one in sorted(RIGHTS[action]))}: that person signs on",
        )
    return Permit(name=person.name, role=person.role, entry=number)


def read_permit(
    connection: Connection, entry: int, action: Action, about: str, at: datetime
) -> Permit:
    """Return the permit that another process was given, read from the log itself.

    Args:
        connection: Of the store with the accounts.
        entry: Its number in the log, which is all that the other process has told.
        action: What it must be for.
        about: To what.
        at: Now.

    Raises:
        RefusedInput: There is no such permit, or it is too old.
    """
    said = read_entry(connection, entry)
    try:
        facts, given = said["facts"], datetime.fromisoformat(said["at"])
        holds = (said["kind"], said["subject"], facts["action"]) == (
            PERMITTED,
            legible(about),
            action.value,
        )
        if holds and timedelta(0) <= at - given <= _PERMIT_LASTS:
            return Permit(name=said["who"], role=facts["role"], entry=entry)
    except (KeyError, TypeError, ValueError):
        pass
    raise RefusedInput(
        "SIGN_ON",
        f"entry {entry} of the log does not permit anybody to {action.value} {legible(about)} "
        "now; start it with the command `ledcal`, which asks for badge and PIN",
    )


def _a(role: str) -> str:
    return f"{'an' if role[0] in 'aeiou' else 'a'} {role}"
