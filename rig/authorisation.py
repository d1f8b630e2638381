"""What an approver authorises: signed with that person's key, and carried by the log entry.

The signature is over kind, subject, name, time and facts of the entry, so that it cannot be lifted
onto another entry, nor be entered a second time.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ledcal.calibration.codec import key_id
from ledcal.calibration.envelope import Envelope, read_envelope, seal
from ledcal.calibration.errors import RecordError
from ledcal.calibration.log_proof import LogProof
from ledcal.rig.errors import RefusedInput
from ledcal.rig.folder import canonical
from ledcal.rig.key_file import read_key_file
from ledcal.rig.keys import Purpose, SigningKey, signature_holds
from ledcal.rig.log_reading import LoggedEntry
from ledcal.rig.logged import enter_action
from ledcal.rig.trust import known_key, known_keys, require_in_use

AUTHORISATION = "authorisation"
AUTHORISATION_TYPE = "application/vnd.ledcal.authorisation+json"
AUTHORISATION_FORMAT = "ledcal-authorisation/1"
LONGEST_NAME, LONGEST_REASON = 200, 4000
_ENTERED_WITHIN = timedelta(minutes=10)
"""A signature is entered at once; one that is older was kept, and is entered again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approver:
    """Who authorises: the name, and the key that is trusted here.

    Attributes:
        name: As the person signs.
        key: The person's.
    """

    name: str
    key: SigningKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorised:
    """An authorisation that holds.

    Attributes:
        name: Who authorised.
        key_id: Of the key, 16 hex digits.
        purpose: Of the key.
        entry: The entry that carries it.
    """

    name: str
    key_id: str
    purpose: Purpose
    entry: LoggedEntry

    @property
    def words(self) -> str:
        """By whom and when, for a person."""
        return f"{self.name} (key {self.key_id}) at {self.entry.at:%Y-%m-%d %H:%M:%S} UTC"


def approver(name: str, key_file: Path, data_folder: Path) -> Approver:
    """Return who authorises.

    Raises:
        RefusedInput: The name is none; or the key is refused, retired, not trusted in the data
            folder, or the data folder's own, which is nobody's.
    """
    name = require_text("--name", name, LONGEST_NAME)
    key = read_key_file(key_file)
    require_in_use(key.public, data_folder)
    known = known_key(data_folder, key.key_id.hex())
    if known is None or known.own or known.public != key.public:
        raise RefusedInput(
            "UNKNOWN_KEY",
            f"{key_file}: key {key.key_id.hex()} is no person's that {data_folder} trusts: "
            "`ledcal key trust` its public half first",
        )
    return Approver(name=name, key=key)


def named_approver(name: str | None, key_file: Path | None, data_folder: Path) -> Approver | None:
    """Return who authorises where somebody may; None where nobody does.

    Raises:
        RefusedInput: Only one of both is given, or as `approver`.
    """
    if name is None and key_file is None:
        return None
    if name is None or key_file is None:
        raise RefusedInput("KEY", "--name and --key go together; give both or none")
    return approver(name, key_file, data_folder)


def require_text(field: str, text: str, longest: int = LONGEST_REASON) -> str:
    """Return what a person wrote, without blanks around it.

    Raises:
        RefusedInput: It is empty, too long, or no UTF-8.
    """
    text = text.strip()
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise RefusedInput("TEXT", f"{field} {text!r}: is not UTF-8 text; type it again") from (
            error
        )
    if not 1 <= len(text) <= longest:
        raise RefusedInput("TEXT", f"{field}: has {len(text)} characters; it needs 1 to {longest}")
    return text


def authorise(
    data_folder: Path, kind: str, subject: str, facts: Mapping[str, Any], by: Approver
) -> LogProof:
    """Sign an action, enter it into the log, and return the proof that it is there.

    Raises:
        RefusedInput: A text is none that a log could keep.
        StationError: The key does not sign, or the store refuses.
    """
    payload = {
        "format": AUTHORISATION_FORMAT,
        "kind": kind,
        "subject": subject,
        "name": by.name,
        "at": datetime.now(UTC).isoformat(),
        "facts": dict(facts),
    }
    signers = [(by.key.key_id.hex(), by.key.sign)]
    envelope = seal(AUTHORISATION_TYPE, canonical(payload), signers)
    whole = dict(facts) | {AUTHORISATION: envelope.facts()}
    return enter_action(data_folder, kind, subject, who=by.name, facts=whole)


def authorised(entry: LoggedEntry, data_folder: Path) -> Authorised:
    """Return who authorised an entry of the log.

    Raises:
        RecordError: Nobody that counts here did; says why.
    """
    if AUTHORISATION not in entry.facts:
        raise RecordError("nobody has signed it")
    envelope = read_envelope(json.dumps(entry.facts[AUTHORISATION]).encode())
    said = _payload(envelope)
    facts = {name: value for name, value in entry.facts.items() if name != AUTHORISATION}
    if (said["kind"], said["subject"], said["name"], said["facts"]) != (
        *(entry.kind, entry.subject, entry.who),
        facts,
    ):
        raise RecordError("its signature is over something else")
    if not timedelta(0) <= entry.at - datetime.fromisoformat(said["at"]) <= _ENTERED_WITHIN:
        raise RecordError(f"it was signed at {said['at']} and entered at {entry.at.isoformat()}")
    for one in known_keys(data_folder):
        signer = key_id(one.public).hex()
        if one.own or not envelope.holds(signer, one.public, signature_holds):
            continue
        if one.retired is not None and entry.at >= one.retired:
            raise RecordError(f"key {signer} ({one.name}) was retired before")
        return Authorised(name=entry.who, key_id=signer, purpose=one.purpose, entry=entry)
    raise RecordError(f"its signature does not hold, or its key is not trusted in {data_folder}")


def _payload(envelope: Envelope) -> dict[str, Any]:
    try:
        said: dict[str, Any] = json.loads(envelope.payload)
        known = (envelope.payload_type, said["format"]) == (
            AUTHORISATION_TYPE,
            AUTHORISATION_FORMAT,
        )
        at = datetime.fromisoformat(said["at"])
        said["kind"], said["subject"], said["name"], said["facts"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise RecordError(f"is no authorisation: {error}") from error
    if not known or at.tzinfo is None:
        raise RecordError("is no authorisation")
    return said
