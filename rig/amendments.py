"""The amendments of a closed run: signed files beside it, each of which names the one before."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ledcal.calibration.amendment import (
    AMENDMENT_TYPE,
    Amendment,
    contradiction,
    read_amendment,
)
from ledcal.calibration.codec import key_id
from ledcal.calibration.envelope import read_envelope, seal
from ledcal.calibration.errors import RecordError
from ledcal.calibration.record import Record
from ledcal.rig.folder import canonical, sha256_hex
from ledcal.rig.keys import SigningKey, signature_holds

AMENDMENTS = "amendments"
_SUFFIX = ".dsse.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedAmendment:
    """An amendment whose signature holds, the key that signed it, and the hash of its file."""

    amendment: Amendment
    key_id: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """The amendments of a run.

    Attributes:
        amendments: Those that are believed, in order, up to the first that is not.
        broken: File and words of each that is not believed.
    """

    amendments: tuple[SignedAmendment, ...]
    broken: tuple[tuple[Path, str], ...]

    @property
    def plain(self) -> list[Amendment]:
        """What they say."""
        return [one.amendment for one in self.amendments]

    @property
    def last_sha256(self) -> str:
        """SHA-256 of the last one's file, empty when there is none."""
        return self.amendments[-1].sha256 if self.amendments else ""

    def sha256_of(self, revision: int) -> str | None:
        """Return the hash that a statement on a revision must name, None for no such revision."""
        if revision > len(self.amendments):
            return None
        return self.amendments[revision - 1].sha256 if revision else ""


def amendment_folder(data_folder: Path, run: Path) -> Path:
    """Return where the amendments of a run are kept."""
    return data_folder / AMENDMENTS / run.resolve().name


def amendment_file(number: int) -> str:
    """Return the name of an amendment's file."""
    return f"{number:02d}{_SUFFIX}"


def signed_amendment(amendment: Amendment, key: SigningKey) -> bytes:
    """Return an amendment in its envelope, signed."""
    envelope = seal(AMENDMENT_TYPE, amendment.payload(), [(key.key_id.hex(), key.sign)])
    return canonical(envelope.facts())


def amendments_of(
    run: Path, data_folder: Path, record: Record, content: bytes, publics: Iterable[bytes]
) -> Chain:
    """Return the amendments of a run, and what is wrong with them.

    An amendment is believed only after all those before it: one that is missing, altered, another
    run's, or made beside another one breaks the chain.

    Args:
        run: The run's folder.
        data_folder: Where they are kept, under `amendments`.
        record: The run's record.
        content: Of the record's file.
        publics: Keys that are believed.
    """
    publics = [*publics]
    folder = amendment_folder(data_folder, run)
    # What begins with a dot was being written when something was cut off, or is a hidden file.
    paths = sorted(one for one in folder.glob("*") if not one.name.startswith("."))
    found: list[SignedAmendment] = []
    broken: list[tuple[Path, str]] = []
    for path in paths:
        try:
            one = _read(path, publics)
            if broken:
                raise RecordError("comes after one that is not believed")
            _require_next(one.amendment, path, run, record, content, found)
        except RecordError as error:
            broken.append((path, str(error)))
        else:
            found.append(one)
    return Chain(amendments=tuple(found), broken=tuple(broken))


def _read(path: Path, publics: Iterable[bytes]) -> SignedAmendment:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RecordError(f"cannot be read: {error.strerror}") from error
    envelope = read_envelope(content)
    if envelope.payload_type != AMENDMENT_TYPE:
        raise RecordError(f"is no amendment but {envelope.payload_type!r}")
    ids = ((key_id(one).hex(), one) for one in publics)
    signer = next((name for name, one in ids if envelope.holds(name, one, signature_holds)), None)
    if signer is None:
        raise RecordError("was altered, or is signed with no key that is known here")
    amendment = read_amendment(envelope.payload)
    return SignedAmendment(amendment=amendment, key_id=signer, sha256=sha256_hex(content))


def _require_next(
    one: Amendment,
    path: Path,
    run: Path,
    record: Record,
    content: bytes,
    before: list[SignedAmendment],
) -> None:
    if (one.run, one.record_sha256) != (run.resolve().name, sha256_hex(content)):
        raise RecordError(f"is about run {one.run} and another record")
    if path.name != amendment_file(one.number):
        raise RecordError(f"is amendment {one.number}: its file was renamed, or it is there twice")
    if one.number > len(before) + 1:
        raise RecordError(f"is amendment {one.number}; amendment {len(before) + 1} is missing")
    expected = before[-1].sha256 if before else ""
    if one.previous_sha256 != expected:
        raise RecordError(
            f"does not follow the amendment before it: it names {one.previous_sha256 or 'none'}, "
            f"that is {expected or 'none'}; the chain was forked"
        )
    wrong = contradiction(record, [each.amendment for each in before], one)
    if wrong is not None:
        raise RecordError(wrong)
