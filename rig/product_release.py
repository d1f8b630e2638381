"""The release of a product file: two people have signed these very bytes, each with a key."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ledcal.calibration.codec import key_id
from ledcal.rig.errors import RefusedInput
from ledcal.rig.folder import canonical, write_whole
from ledcal.rig.key_file import read_key_file
from ledcal.rig.keys import signature_holds
from ledcal.rig.product import Product, read_product
from ledcal.rig.run import NOT_RELEASED
from ledcal.rig.settings import SettingsFile
from ledcal.rig.trust import known_key

RELEASE_FORMAT = "ledcal-product-release/1"
PEOPLE = 2
_LONGEST_NAME = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One person's signature of a product file.

    Attributes:
        file_sha256: Of the file as it was signed.
        name: Who signed.
        public_key: Of the key, hex digits.
        at: When, UTC, ISO 8601.
        signature: Over everything else, hex digits.
    """

    model: str
    version: str
    file_sha256: str
    name: str
    public_key: str
    at: str
    signature: str = ""

    @property
    def statement(self) -> bytes:
        """The bytes that are signed."""
        said = {name: value for name, value in asdict(self).items() if name != "signature"}
        return canonical({"format": RELEASE_FORMAT} | said)

    @property
    def key_id(self) -> str:
        """Id of the key, 16 hex digits."""
        return key_id(bytes.fromhex(self.public_key)).hex()

    @property
    def words(self) -> str:
        """Who and when, for a person."""
        return f"{self.name} (key {self.key_id}) at {self.at}"


def release_file(product: Path) -> Path:
    """Return where the release of a product file is kept: beside it."""
    return product.with_name(f"{product.name}.release.json")


def _nothing(_made: "Approval", _before: "Approval | None") -> None:
    pass


def approve(
    path: Path,
    key_file: Path,
    name: str,
    before: Callable[["Approval", "Approval | None"], object] = _nothing,
) -> tuple[Approval, int]:
    """Sign a product file as it is; return the signature and how many people have signed it now.

    Signatures of the file as it was before stay, as its history.

    Args:
        path: The product file.
        key_file: Of the purpose RELEASE.
        name: Who signs.
        before: Called with the signature about to be kept and the one before it; an error of it
            leaves all as it was.

    Raises:
        RefusedInput: Product, key or release are refused, or this person or key has signed it.
        StationError: The key does not sign, or the disk refuses.
    """
    product = read_product(path)
    if not 1 <= len(name.strip()) <= _LONGEST_NAME or not name.isprintable():
        raise RefusedInput("NAME", f"--name {name!r}: is 1 to {_LONGEST_NAME} printable letters")
    key = read_key_file(key_file)
    if key.purpose != "RELEASE":
        raise RefusedInput(
            "KEY",
            f"{key_file}: key {key.name!r} is for {key.purpose}; product files are released with "
            "a key of the purpose RELEASE: `ledcal key new NAME --purpose RELEASE`",
        )
    kept = release_file(path)
    earlier = _read(kept)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    unsigned = Approval(
        model=product.settings.model,
        version=product.settings.version,
        file_sha256=product.sha256,
        name=name.strip(),
        public_key=key.public.hex(),
        at=now,
    )
    for one in _of(product, earlier):
        if _same_person(one, unsigned):
            raise RefusedInput(
                "APPROVED", f"{path}: is signed by {one.words}; the second one is another person"
            )
    signature = key.sign(unsigned.statement).hex()
    made = Approval(**(asdict(unsigned) | {"signature": signature}))
    before(made, earlier[-1] if earlier else None)
    said = [asdict(one) for one in (*earlier, made)]
    write_whole(kept, canonical({"format": RELEASE_FORMAT, "approvals": said}) + b"\n")
    return made, len(_of(product, [*earlier, made]))


def require_released(product: SettingsFile[Product], mode: str, data_folder: Path) -> str:
    """Return who released a product file, in words; a PROD run needs a release.

    Args:
        product: The file as it was read.
        mode: Of the station.
        data_folder: Knows which keys may release.

    Raises:
        RefusedInput: The mode is PROD and the file is not released as it is.
    """
    try:
        approvals = _of(product, _read(release_file(product.path)))
        trusted = [one for one in approvals if _why_not(one, data_folder) is None]
        people: list[Approval] = []
        for one in trusted:
            if not any(_same_person(one, other) for other in people):
                people.append(one)
    except RefusedInput:
        if mode == "PROD":
            raise
        return NOT_RELEASED
    if len(people) >= PEOPLE:
        return "released by " + " and ".join(one.words for one in people[:PEOPLE])
    if mode == "PROD":
        raise RefusedInput("NOT_RELEASED", _refusal(product, approvals, data_folder))
    return NOT_RELEASED


def _refusal(
    product: SettingsFile[Product], approvals: Sequence[Approval], data_folder: Path
) -> str:
    path = product.path
    todo = (
        f"{PEOPLE} people release it, each with a key of their own: `ledcal product release "
        f"{path.name} --key FILE --name NAME`"
    )
    if approvals:
        said = "; ".join(
            f"{one.words}: {_why_not(one, data_folder) or 'holds'}" for one in approvals
        )
        return f"{path}: is not released by {PEOPLE} people that count here ({said}); {todo}"
    others = _read(release_file(path))
    if others:
        last = others[-1]
        return (
            f"{path}: was changed after its release: its SHA-256 is {product.sha256}, released "
            f"was {last.file_sha256} by {last.words}; restore that file, or {todo}"
        )
    return f"{path}: SHA-256 {product.sha256}: was never released for production; {todo}"


def _why_not(one: Approval, data_folder: Path) -> str | None:
    """Return why a signature does not count, None when it does."""
    public = bytes.fromhex(one.public_key)
    if not signature_holds(public, bytes.fromhex(one.signature), one.statement):
        return "its signature does not hold"
    known = known_key(data_folder, one.key_id)
    if known is None or known.public != public:
        return f"its key is not trusted in {data_folder}"
    if known.purpose != "RELEASE":
        return f"its key is for {known.purpose}"
    if known.retired is not None and datetime.fromisoformat(one.at) >= known.retired:
        return "its key was retired before"
    return None


def _same_person(one: Approval, other: Approval) -> bool:
    return one.name.casefold() == other.name.casefold() or one.public_key == other.public_key


def _of(product: SettingsFile[Product], approvals: Sequence[Approval]) -> list[Approval]:
    """Return the signatures of a file as it is now."""
    return [one for one in approvals if one.file_sha256 == product.sha256]


def _read(path: Path) -> list[Approval]:
    """Return every signature in a release file, none where there is no such file.

    Raises:
        RefusedInput: It is damaged.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RefusedInput("RELEASE", f"{path}: cannot be read: {error.strerror}") from error
    try:
        said = json.loads(content)
        if said["format"] != RELEASE_FORMAT:
            raise ValueError(f"format {said['format']!r} is not {RELEASE_FORMAT}")
        return [_approval(one) for one in said["approvals"]]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise RefusedInput(
            "RELEASE", f"{path}: is damaged: {error}; restore it from a copy"
        ) from error


def _approval(said: dict[str, Any]) -> Approval:
    one = Approval(**{name: str(value) for name, value in said.items()})
    bytes.fromhex(one.public_key), bytes.fromhex(one.signature)
    if datetime.fromisoformat(one.at).tzinfo is None:
        raise ValueError(f"time {one.at!r} has no zone")
    return one
