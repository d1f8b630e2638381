"""Amend a closed run: who, for whom and in what condition; never what was measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ledcal.calibration.amendment import FIELDS, Amendment, Change, Field, amended
from ledcal.rig.additions import AMENDED, chain_of, enter_addition
from ledcal.rig.amendments import amendment_file, amendment_folder, signed_amendment
from ledcal.rig.closing import RECORD
from ledcal.rig.errors import RefusedInput, StationError
from ledcal.rig.folder import sha256_hex, synced
from ledcal.rig.key_file import read_key_file
from ledcal.rig.keys import write_once
from ledcal.rig.sign import require_unaltered
from ledcal.rig.statements import Signed, statements_on
from ledcal.rig.summary import record_of
from ledcal.rig.trust import known_keys, require_in_use

LONGEST_VALUE, LONGEST_REASON = 200, 300
_MOST = 99
_FOR_OTHERS = 0o644


@dataclass(frozen=True, slots=True, kw_only=True)
class Amended:
    """An amendment as it was kept.

    Attributes:
        path: Its file.
        amendment: What it says.
        number: Of the entry in the log.
        key_id: Of the key that signed it, 16 hex digits.
    """

    path: Path
    amendment: Amendment
    number: int
    key_id: str


def read_changes(said: Sequence[str]) -> dict[Field, str]:
    """Return what is to be changed from texts like "customer=Clinic North".

    Raises:
        RefusedInput: There is none, one is in no such form, or is of what is never amended.
    """
    changes: dict[Field, str] = {}
    for text in said:
        name, equals, value = text.partition("=")
        if not equals or name in changes:
            raise RefusedInput("AMENDMENT", f"--set {text!r}: write each field once, FIELD=TEXT")
        if name not in FIELDS:
            raise RefusedInput(
                "AMENDMENT",
                f"--set {name}: only {', '.join(FIELDS)} can be amended. What was measured, its "
                "limits and verdicts, the panel and the instruments never are: make a new run, "
                "`ledcal calibrate SERIAL --reason TEXT`",
            )
        _require_text(f"--set {name}", value, LONGEST_VALUE)
        changes[name] = value
    if not changes:
        raise RefusedInput("AMENDMENT", f"nothing to amend: --set FIELD=TEXT of {FIELDS}")
    return changes


def amend(
    run: Path,
    changes: Mapping[Field, str],
    reason: str,
    name: str,
    key_file: Path,
    data_folder: Path,
) -> Amended:
    """Amend a run; its folder is not touched, and what was signed before stays.

    Args:
        run: The run's folder.
        changes: By `read_changes`.
        reason: Why.
        name: Who says so.
        key_file: That person's key, which the data folder trusts.
        data_folder: Where the amendment is kept.

    Raises:
        RefusedInput: The run was altered, nothing changes, the key is not trusted here, or who
            reviewed the run would become its operator.
        StationError: The key does not sign, or disk or record store refuse.
    """
    require_unaltered(run, data_folder)
    _require_text("name", name, LONGEST_VALUE)
    _require_text("reason", reason, LONGEST_REASON)
    record, content = record_of(run), (run / RECORD).read_bytes()
    publics = [one.public for one in known_keys(data_folder)]
    chain = chain_of(run, data_folder, publics)
    before = amended(record, chain.plain)
    for field, new in changes.items():
        if new == before[field]:
            raise RefusedInput("AMENDMENT", f"--set {field}: is {new!r} already")
    stated = [
        one.statement
        for one in statements_on(run, data_folder, content, publics)
        if isinstance(one, Signed) and one.statement.meaning != "performed"
    ]
    for one in stated:
        if one.name.casefold() == changes.get("operator", "").casefold():
            raise RefusedInput(
                "SAME_PERSON",
                f"{one.name!r} has {one.meaning} the run and cannot become its operator: have "
                "another person review a new run",
            )
    key = read_key_file(key_file)
    require_in_use(key.public, data_folder)
    if key.public not in publics:
        raise RefusedInput(
            "UNKNOWN_KEY",
            f"{key_file}: key {key.key_id.hex()} is not known in {data_folder}: `ledcal key "
            "trust` its public half first",
        )
    amendment = Amendment(
        run=run.resolve().name,
        record_sha256=sha256_hex(content),
        number=len(chain.amendments) + 1,
        previous_sha256=chain.last_sha256,
        changes=[Change(field=one, old=before[one], new=new) for one, new in changes.items()],
        reason=reason,
        name=name,
        at=datetime.now(UTC).isoformat(),
    )
    path = _keep(run, data_folder, amendment.number, signed_amendment(amendment, key))
    facts = {
        "amendment": amendment.number,
        "changes": {one.field: {"old": one.old, "new": one.new} for one in amendment.changes},
        "reason": reason,
        "key_id": key.key_id.hex(),
    }
    number = enter_addition(run, data_folder, AMENDED, name, facts, [path])
    return Amended(path=path, amendment=amendment, number=number, key_id=key.key_id.hex())


def _keep(run: Path, data_folder: Path, number: int, content: bytes) -> Path:
    folder = amendment_folder(data_folder, run)
    if number > _MOST:
        raise RefusedInput("AMENDMENT", f"{run}: has {_MOST} amendments: make a new run")
    path = folder / amendment_file(number)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        made = write_once(path, content)
        if made:
            path.chmod(_FOR_OTHERS)
    except OSError as error:
        raise StationError("DISK", f"{path}: cannot be written: {error.strerror}") from error
    if not made:
        raise RefusedInput(
            "AMENDMENT", f"{path}: somebody amended the run just now: look at it, then amend again"
        )
    synced(folder)
    return path


def _require_text(field: str, text: str, longest: int) -> None:
    """Refuse what cannot stand whole on a page, or would not show what it is."""
    if not text.strip() or len(text) > longest:
        raise RefusedInput(
            "TEXT", f"{field}: has {len(text)} characters; it needs 1 to {longest}, not all blank"
        )
    if not text.isprintable():
        raise RefusedInput(
            "TEXT",
            f"{field}: {text!r} has characters that cannot be seen, as line ends, control "
            "characters or marks of the writing direction; type it without them",
        )
