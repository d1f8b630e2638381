"""Whether a bench's instruments may measure: in date or overridden, and as registered."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection

from ledcal.calibration.certificate import CertificateHead, overdue
from ledcal.rig.certificates import Certificates, overdue_words
from ledcal.rig.errors import StationError
from ledcal.rig.log_reading import reading_log, require_proven
from ledcal.rig.override import NO_OVERRIDE, Override, override_of
from ledcal.rig.register import Registered, registered, today, why_unsigned
from ledcal.rig.station import Station

OVERRIDDEN = "CERTIFICATE_OVERRIDE"
NOT_IN_SERVICE = "INSTRUMENT_REGISTER"
_HOW = "`ledcal instrument add FILE --name NAME --key FILE`"


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What the log says of the certificates of a bench.

    Attributes:
        late: Of each certificate that has run out: its override, or why there is none, by role.
        wrong: Why the register does not let a certificate be used, by role.
    """

    late: dict[str, Override | str]
    wrong: dict[str, str]


def state_of(
    certificates: Certificates, station: Station, data_folder: Path, operator: str = ""
) -> State:
    """Look the certificates of a bench up.

    Raises:
        StationError: The log cannot be read, or an entry that counts was altered.
    """
    late: dict[str, Override | str] = {}
    wrong: dict[str, str] = {}
    production = station.mode == "PROD"
    with reading_log(data_folder) as connection:
        for role, head in certificates.heads().items():
            sha256 = certificates.file_sha256[role]
            if overdue(head, today()) > 0:
                late[role] = (
                    NO_OVERRIDE
                    if connection is None
                    else override_of(
                        connection,
                        head,
                        sha256,
                        data_folder,
                        production=production,
                        operator=operator,
                    )
                )
            words = _why_not(connection, head, sha256, station, data_folder)
            if words is not None:
                wrong[role] = f"{role} {head.model} {head.serial}: {words}"
    return State(late=late, wrong=wrong)


def require_usable(
    certificates: Certificates, station: Station, data_folder: Path, operator: str
) -> list[tuple[str, str]]:
    """Refuse to measure with an instrument that must not; return what the record has to tell.

    A certificate that has run out is refused in every mode, unless an approver has overridden it.
    So is one of a day to come: under a clock that was set back none would ever run out. What the
    register says is refused in production, and told in any other mode.

    Returns:
        Code and words of each note.

    Raises:
        StationError: Names each instrument that must not measure, and what to do.
    """
    heads = certificates.heads()
    _require_issued(heads)
    found = state_of(certificates, station, data_folder, operator)
    late = [
        f"{overdue_words(role, heads[role])}; {state}"
        for role, state in found.late.items()
        if isinstance(state, str)
    ]
    if late:
        raise StationError(
            "CERTIFICATE_OVERDUE",
            "; ".join(late) + "; send it for calibration or fit one that is in date, or an "
            "approver lets it be used for some days: `ledcal override FILE`",
        )
    if found.wrong and station.mode == "PROD":
        raise StationError(NOT_IN_SERVICE, "; ".join(found.wrong.values()))
    return [
        *(
            (OVERRIDDEN, f"{role}: {state.words(heads[role])}")
            for role, state in found.late.items()
            if isinstance(state, Override)
        ),
        *(
            (NOT_IN_SERVICE, f"{words}; not refused in {station.mode}")
            for words in found.wrong.values()
        ),
    ]


def _require_issued(heads: dict[str, CertificateHead]) -> None:
    # A day more: a laboratory far in the east has tomorrow already, by UTC.
    last = today() + timedelta(days=1)
    early = [
        f"{role} {head.model} {head.serial}: certificate {head.number} is of {head.issued}"
        for role, head in heads.items()
        if head.issued > last
    ]
    if early:
        raise StationError(
            "CLOCK",
            f"{'; '.join(early)}, but by this computer's clock it is {today()}: set the clock "
            "by a time server, or correct the file if the date in it is wrong",
        )


def _why_not(
    connection: Connection | None,
    head: CertificateHead,
    file_sha256: str,
    station: Station,
    data_folder: Path,
) -> str | None:
    """Return why the register does not let a certificate be used, None when it does."""
    one = None if connection is None else _newest(connection, head)
    if connection is None or one is None:
        # What the virtual bench says of its instruments was never on paper.
        if station.simulated:
            return None
        return f"is in no register: put certificate {head.number} into service, {_HOW}"
    require_proven(connection, one.entry.number, data_folder)
    if not one.in_service:
        return (
            f"is out of service since {one.entry.at:%Y-%m-%d} ({one.reason}): fit another "
            f"instrument, or put its new certificate into service, {_HOW}"
        )
    if one.file_sha256 != file_sha256:
        return (
            f"the file of certificate {head.number} is not the one in service: its SHA-256 is "
            f"{file_sha256}, certificate {one.number} of entry {one.entry.number} has "
            f"{one.file_sha256}; restore that file, or put this one into service, {_HOW}"
        )
    if station.mode == "PROD":
        words = why_unsigned(connection, one, data_folder)
        if words is not None:
            return (
                f"entry {one.entry.number} of the log put certificate {one.number} into service, "
                f"but {words}: production asks for an approver's signature, {_HOW}"
            )
    return None


def _newest(connection: Connection, head: CertificateHead) -> Registered | None:
    wanted = (head.maker, head.model, head.serial)
    found = [one for one in registered(connection, head.serial) if one.instrument == wanted]
    return found[-1] if found else None
