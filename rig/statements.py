"""Who stands for a run: signed statements in its folder and, once it is sealed, beside it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from ledcal.calibration.codec import key_id
from ledcal.calibration.envelope import read_envelope, seal
from ledcal.calibration.errors import RecordError
from ledcal.calibration.statement import (
    MEANINGS,
    RECORD_TYPE,
    STATEMENT_TYPE,
    Meaning,
    Statement,
    read_statement,
)
from ledcal.rig.errors import RefusedInput, StationError
from ledcal.rig.folder import canonical, sha256_hex, write_whole
from ledcal.rig.keys import SigningKey, signature_holds

STATEMENTS = "statements"
RECORD_ENVELOPE = "record.dsse.json"
PERFORMED = "performed.dsse.json"
_SUFFIX = ".dsse.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A statement whose signature holds, the id of the key that signed it, and its file's name."""

    statement: Statement
    key_id: str
    file: str = ""


def record_envelope(record: bytes, key: SigningKey) -> bytes:
    """Return a record in a DSSE envelope, signed."""
    return canonical(seal(RECORD_TYPE, record, [(key.key_id.hex(), key.sign)]).facts())


def envelope_words(content: bytes, record: bytes, publics: Iterable[bytes]) -> str | None:
    """Return what is wrong with a record's envelope, None when it holds.

    Args:
        content: Of the envelope's file.
        record: Content of the record's file.
        publics: Keys that are believed.
    """
    try:
        envelope = read_envelope(content)
    except RecordError as error:
        return str(error)
    if (envelope.payload_type, envelope.payload) != (RECORD_TYPE, record):
        return "holds another record"
    if not any(envelope.holds(_id(one), one, signature_holds) for one in publics):
        return "is signed with no key that is known here"
    return None


def signed(statement: Statement, key: SigningKey) -> bytes:
    """Return a statement in its envelope, signed."""
    envelope = seal(STATEMENT_TYPE, statement.payload(), [(key.key_id.hex(), key.sign)])
    return canonical(envelope.facts())


def read_signed(content: bytes, run: str, record: bytes, publics: Iterable[bytes]) -> Signed:
    """Return a statement on a run.

    Args:
        content: Of the statement's file.
        run: The run that it must be about.
        record: Content of the run's record.
        publics: Keys that are believed.

    Raises:
        RecordError: It is damaged, not signed by a key that is believed, or about another record.
    """
    envelope = read_envelope(content)
    if envelope.payload_type != STATEMENT_TYPE:
        raise RecordError(f"is no statement but {envelope.payload_type!r}")
    signer = next(
        (_id(one) for one in publics if envelope.holds(_id(one), one, signature_holds)), None
    )
    if signer is None:
        raise RecordError("was altered, or is signed with no key that is known here")
    statement = read_statement(envelope.payload)
    if (statement.run, statement.record_sha256) != (run, sha256_hex(record)):
        raise RecordError(f"is about run {statement.run} and another record")
    return Signed(statement=statement, key_id=signer)


def statement_files(run: Path, data_folder: Path) -> list[Path]:
    """Return the files of the statements on a run: in its folder, then beside it in order."""
    inside = [run / PERFORMED] if (run / PERFORMED).exists() else []
    return [*inside, *sorted((data_folder / STATEMENTS / run.resolve().name).glob(f"*{_SUFFIX}"))]


def statements_on(
    run: Path, data_folder: Path, record: bytes, publics: Iterable[bytes]
) -> Iterator[Signed | tuple[Path, str]]:
    """Yield each statement on a run, or the file of one that is not believed and why."""
    publics = [*publics]
    for path in statement_files(run, data_folder):
        try:
            one = read_signed(path.read_bytes(), run.resolve().name, record, publics)
            yield replace(one, file=path.name)
        except RecordError as error:
            yield path, str(error)
        except OSError as error:
            yield path, f"cannot be read: {error.strerror}"


def add_statement(run: Path, data_folder: Path, meaning: Meaning, content: bytes) -> Path:
    """Keep one more statement on a sealed run, numbered after those that are there.

    Raises:
        StationError: The disk refuses.
    """
    folder = data_folder / STATEMENTS / run.resolve().name
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StationError("DATA_FOLDER", f"{folder}: {error.strerror}") from error
    number = 1 + len(list(folder.glob(f"*{_SUFFIX}")))
    path = folder / f"{number:02d}-{meaning}{_SUFFIX}"
    write_whole(path, content)
    return path


def require_order(meaning: Meaning, name: str, before: list[Statement]) -> None:
    """Refuse a statement that comes out of turn, or by a person who may not make it.

    Raises:
        RefusedInput: It was made already, review is missing, or the performer would approve.
    """
    made = {one.meaning for one in before}
    if meaning in made:
        by = ", ".join(one.name for one in before if one.meaning == meaning)
        raise RefusedInput("STATED", f"the run was {meaning} already, by {by}")
    if meaning == "approved" and "reviewed" not in made:
        raise RefusedInput("NOT_REVIEWED", "the run was not reviewed: `ledcal review` it first")
    if meaning not in MEANINGS[1:]:
        raise RefusedInput("STATED", f"{meaning!r} is stated when a run is closed, not later")
    if any(
        one.name.casefold() == name.casefold() and one.meaning == "performed" for one in before
    ):
        raise RefusedInput(
            "SAME_PERSON", f"{name!r} performed the run: another person has to have {meaning} it"
        )


def _id(public: bytes) -> str:
    return key_id(public).hex()
