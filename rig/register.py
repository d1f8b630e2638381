"""The register of instruments: whose certificate is in service, since when, and by whose word.

The log is the register: a certificate is put into service and out of it by an entry, and the
newest entry of an instrument is its state. Nothing is ever taken away.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import Connection

from ledcal.calibration.certificate import CertificateHead
from ledcal.calibration.errors import RecordError
from ledcal.rig.authorisation import Approver, authorise, authorised, require_text
from ledcal.rig.certificate_file import read_any_certificate
from ledcal.rig.errors import RefusedInput, StationError
from ledcal.rig.log_reading import LoggedEntry, entries, reading_log, require_proven
from ledcal.rig.logged import enter_action

IN_SERVICE, OUT_OF_SERVICE = "instrument in service", "instrument out of service"


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """What the register says of an instrument after one entry.

    Attributes:
        maker, model, serial: The instrument.
        number: Of its certificate.
        laboratory: Who calibrated it.
        issued, due: First and last day of the certificate.
        file_sha256: Of the certificate's file.
        in_service: Whether it may be used.
        reason: Why not, empty while in service.
        entry: The entry of the log.
    """

    maker: str
    model: str
    serial: str
    number: str
    laboratory: str
    issued: date
    due: date
    file_sha256: str
    in_service: bool
    reason: str
    entry: LoggedEntry

    @property
    def instrument(self) -> tuple[str, str, str]:
        """Maker, model and serial: what one instrument is known by."""
        return self.maker, self.model, self.serial

    @property
    def words(self) -> str:
        """Certificate and instrument, for messages."""
        return f"{self.number} of {self.maker} {self.model} {self.serial}"

    def days_left(self, today: date) -> int:
        """Return for how many days the certificate may still be used, below 0 when overdue."""
        return (self.due - today).days


def put_in_service(
    paths: Sequence[Path], data_folder: Path, operator: str = "", by: Approver | None = None
) -> list[Registered]:
    """Put certificates into service; each replaces the earlier one of the same instrument.

    None is entered unless all may be.

    Args:
        paths: The certificates' files.
        data_folder: Whose register it is.
        operator: Who does it, where nobody signs.
        by: Who signs for it; only then production believes it.

    Raises:
        RefusedInput: A file is refused, is in service already, or is older than what is.
        StationError: The key does not sign, or the store refuses.
    """
    read = [(path, *read_any_certificate(path)) for path in paths]
    now = {one.instrument: one for one in newest(data_folder)}
    seen: set[tuple[str, str, str]] = set()
    for path, _, head, sha256 in read:
        instrument = (head.maker, head.model, head.serial)
        if instrument in seen:
            raise RefusedInput(
                "INSTRUMENT", f"{path}: is a second certificate of {head.model} {head.serial}"
            )
        seen.add(instrument)
        _require_newer(path, head, sha256, now.get(instrument), signs=by is not None)
    numbers = []
    for _, kind, head, sha256 in read:
        before = now.get((head.maker, head.model, head.serial))
        facts = _facts(head, sha256) | {
            "kind": kind,
            "old": None if before is None or not before.in_service else before.file_sha256,
            "new": sha256,
        }
        numbers.append(_enter(data_folder, IN_SERVICE, head.serial, facts, operator, by))
    after = {one.entry.number: one for one in newest(data_folder)}
    return [after[number] for number in numbers]


def put_out_of_service(
    serial: str,
    reason: str,
    data_folder: Path,
    *,
    model: str | None = None,
    operator: str = "",
    by: Approver | None = None,
) -> Registered:
    """Put an instrument out of service; return what it was.

    Raises:
        RefusedInput: No such instrument is in service, or more than one; or no reason is given.
        StationError: The key does not sign, or the store refuses.
    """
    reason = require_text("--reason", reason)
    there = [one for one in newest(data_folder) if one.in_service]
    found = [one for one in there if one.serial == serial and model in (None, one.model)]
    if not found:
        known = ", ".join(sorted(one.serial for one in there)) or "none"
        raise RefusedInput(
            "INSTRUMENT", f"instrument {serial!r}: is not in service; in service are: {known}"
        )
    if len(found) > 1:
        models = ", ".join(one.model for one in found)
        raise RefusedInput(
            "INSTRUMENT", f"instrument {serial!r}: there are several, {models}; say --model"
        )
    (one,) = found
    facts = {
        **{"maker": one.maker, "model": one.model, "number": one.number},
        **{"laboratory": one.laboratory, "file_sha256": one.file_sha256},
        **{"issued": one.issued.isoformat(), "due": one.due.isoformat()},
        **{"old": one.file_sha256, "new": None, "reason": reason},
    }
    _enter(data_folder, OUT_OF_SERVICE, serial, facts, operator, by)
    return one


def newest(data_folder: Path) -> list[Registered]:
    """Return the state of each instrument, in the order in which they came.

    Raises:
        StationError: The log cannot be read, or was altered.
    """
    found = {one.instrument: one for one in history(data_folder)}
    return list(found.values())


def history(data_folder: Path, serial: str | None = None) -> list[Registered]:
    """Return every entry of the register, or those of a serial, oldest first.

    Raises:
        StationError: The log cannot be read, or was altered.
    """
    with reading_log(data_folder) as connection:
        return [] if connection is None else registered(connection, serial)


def registered(connection: Connection, serial: str | None = None) -> list[Registered]:
    """Return the same from a log that is open.

    Raises:
        StationError: An entry was altered.
    """
    return [_registered(one) for one in entries(connection, (IN_SERVICE, OUT_OF_SERVICE), serial)]


def why_unsigned(connection: Connection, one: Registered, data_folder: Path) -> str | None:
    """Return why an entry does not count in production, None when it does.

    Raises:
        StationError: The entry was altered.
    """
    require_proven(connection, one.entry.number, data_folder)
    try:
        by = authorised(one.entry, data_folder)
    except RecordError as error:
        return str(error)
    return "it is signed with an ENG key" if by.purpose == "ENG" else None


def _require_newer(
    path: Path, head: CertificateHead, sha256: str, before: Registered | None, *, signs: bool
) -> None:
    if before is None or not before.in_service:
        return
    # Whoever signs may do so for what somebody else has put into service.
    if before.file_sha256 == sha256 and not signs:
        raise RefusedInput(
            "INSTRUMENT",
            f"{path}: certificate {before.words} is in service already, entry "
            f"{before.entry.number} of the log",
        )
    if head.issued < before.issued:
        raise RefusedInput(
            "INSTRUMENT",
            f"{path}: issued {head.issued}: certificate {before.words} in service is of "
            f"{before.issued}; put that out of service first, if this is meant",
        )


def _enter(
    data_folder: Path,
    kind: str,
    serial: str,
    facts: dict[str, str | None],
    operator: str,
    by: Approver | None,
) -> int:
    if by is None:
        return enter_action(data_folder, kind, serial, who=operator, facts=facts).number
    return authorise(data_folder, kind, serial, facts, by).number


def _facts(head: CertificateHead, sha256: str) -> dict[str, str | None]:
    return {
        "maker": head.maker,
        "model": head.model,
        "number": head.number,
        "laboratory": head.laboratory,
        "issued": head.issued.isoformat(),
        "due": head.due.isoformat(),
        "file_sha256": sha256,
    }


def _registered(entry: LoggedEntry) -> Registered:
    said = entry.facts
    try:
        return Registered(
            maker=str(said["maker"]),
            model=str(said["model"]),
            serial=entry.subject,
            number=str(said["number"]),
            laboratory=str(said["laboratory"]),
            issued=date.fromisoformat(said["issued"]),
            due=date.fromisoformat(said["due"]),
            file_sha256=str(said["file_sha256"]),
            in_service=entry.kind == IN_SERVICE,
            reason=str(said.get("reason", "")),
            entry=entry,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise StationError(
            "LOG",
            f"entry {entry.number} of the log is none of the register ({error}); run `ledcal "
            "verify` on the data folder",
        ) from error


def today() -> date:
    """Return the day in UTC."""
    return datetime.now(UTC).date()
