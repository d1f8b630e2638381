"""A certificate that has run out, used for a short time more: an approver answers for it.

What an uncertainty says of an instrument ends with its certificate: the drift after that is in no
budget. So an override is short, names one certificate by its file, and is told on every page of a
run that used it (decision 25).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import Connection

from ledcal.calibration.certificate import CertificateHead
from ledcal.calibration.errors import RecordError
from ledcal.rig.authorisation import Approver, Authorised, authorise, authorised, require_text
from ledcal.rig.certificate_file import read_any_certificate
from ledcal.rig.errors import RefusedInput
from ledcal.rig.log_reading import entries, require_proven
from ledcal.rig.register import today

OVERRIDE = "certificate override"
NO_OVERRIDE = "there is no override"
MOST_DAYS = 7
"""An override ends within so many days; who needs longer signs again."""
MOST_PAST_DUE = {"optical_power": 7, "spectral_irradiance": 28, "thermocouple": 28}
"""So many days after its due day nobody can override a certificate, by its kind. The power meter
carries the absolute scale of every panel and nothing else on the bench would show its drift: it
gets one override. The spectrometer's shape and the thermocouples are held against the meter and
the panel's own sensor in every run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """An override that holds.

    Attributes:
        until: The last day on which the certificate may be used.
        reason: Why.
        by: Who signed for it.
    """

    until: date
    reason: str
    by: Authorised

    def words(self, head: CertificateHead) -> str:
        """Tell all of it, for the record and for every page."""
        return (
            f"certificate {head.name} was due {head.due}, used past it until {self.until} at "
            f"the latest by override of {self.by.words}, entry {self.by.entry.number} of the "
            f"log; reason: {self.reason}"
        )


def override(
    path: Path, reason: str, until: date, by: Approver, data_folder: Path
) -> tuple[CertificateHead, int]:
    """Let a certificate be used past its due day; return it, and the number of the log's entry.

    Raises:
        RefusedInput: The file is refused, is in date until then, or the day is too far; or no
            reason is given.
        StationError: The key does not sign, or the store refuses.
    """
    kind, head, sha256 = read_any_certificate(path)
    reason = require_text("--reason", reason)
    now = today()
    last = min(now + timedelta(days=MOST_DAYS), _last_day(kind, head))
    if until <= head.due:
        raise RefusedInput(
            "OVERRIDE", f"{path}: certificate {head.number} is in date until {head.due}"
        )
    if until < now:
        raise RefusedInput("OVERRIDE", f"--until {until}: is past; today is {now} (UTC)")
    if until > last:
        raise RefusedInput(
            "OVERRIDE",
            f"--until {until}: too far; at most {MOST_DAYS} days from today ({now}, UTC) and "
            f"{MOST_PAST_DUE[kind]} days past due for a certificate of the kind {kind} (due "
            f"{head.due}): {_last_words(last, now)}",
        )
    facts = {
        **{"maker": head.maker, "model": head.model, "number": head.number, "kind": kind},
        **{"file_sha256": sha256, "due": head.due.isoformat(), "until": until.isoformat()},
        "reason": reason,
    }
    return head, authorise(data_folder, OVERRIDE, head.serial, facts, by).number


def override_of(
    connection: Connection,
    head: CertificateHead,
    file_sha256: str,
    data_folder: Path,
    *,
    production: bool,
    operator: str = "",
) -> Override | str:
    """Return the override under which an overdue certificate may be used, or why there is none.

    Args:
        connection: Of the log.
        head: The certificate.
        file_sha256: Of its file as it is now.
        data_folder: Knows whose keys count.
        production: Whether a key for engineering is not enough.
        operator: Who performs the run: nobody overrides for himself.

    Raises:
        StationError: An entry of the log was altered.
    """
    refused = [NO_OVERRIDE]
    for found in _overrides(connection, head, file_sha256, data_folder):
        if isinstance(found, str):
            refused.append(found)
            continue
        if (words := _why_not(found, production, operator)) is None:
            return found
        refused.append(f"the override of {found.by.words} does not count: {words}")
    return refused[-1]


def _overrides(
    connection: Connection, head: CertificateHead, file_sha256: str, data_folder: Path
) -> Iterator[Override | str]:
    for entry in entries(connection, [OVERRIDE], head.serial):
        said = entry.facts
        if said.get("file_sha256") != file_sha256:
            continue
        try:
            by = authorised(entry, data_folder)
            until = date.fromisoformat(str(said.get("until")))
            last = min(
                entry.at.date() + timedelta(days=MOST_DAYS),
                _last_day(str(said.get("kind")), head),
            )
            if until > last:
                raise RecordError(f"it reaches to {until}, {last} is the longest")
        except (RecordError, ValueError, KeyError) as error:
            yield f"the override of entry {entry.number} does not count: {error}"
            continue
        require_proven(connection, entry.number, data_folder)
        yield Override(until=until, reason=str(said.get("reason")), by=by)


def _why_not(found: Override, production: bool, operator: str) -> str | None:
    if found.until < today():
        return f"it ended on {found.until}"
    if production and found.by.purpose == "ENG":
        return "its key is for engineering"
    if found.by.name.casefold() == operator.strip().casefold():
        return "who performs the run cannot override for himself"
    return None


def _last_day(kind: str, head: CertificateHead) -> date:
    return head.due + timedelta(days=MOST_PAST_DUE[kind])


def _last_words(last: date, now: date) -> str:
    if last < now:
        return "it cannot be overridden any more; send the instrument for calibration"
    return f"{last} is the last day"
