"""Review and approve a closed run: a person's statement, signed with that person's key."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ledcal.calibration.statement import Meaning, Statement
from ledcal.rig.closing import RECORD, data_folder_of
from ledcal.rig.errors import RefusedInput
from ledcal.rig.folder import sha256_hex
from ledcal.rig.key_file import read_key_file
from ledcal.rig.keys import engineering_key
from ledcal.rig.log_book import enter
from ledcal.rig.run import NOT_RECORDED, Request
from ledcal.rig.sign import require_unaltered
from ledcal.rig.statements import Signed, add_statement, require_order, signed, statements_on
from ledcal.rig.store.log import LogEntry
from ledcal.rig.store.opened import store_url
from ledcal.rig.summary import record_of
from ledcal.rig.trust import known_keys, require_in_use

LONGEST_NAME, LONGEST_REMARK = 200, 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """A statement as it was kept.

    Attributes:
        path: Its file.
        number: Of the entry in the log.
        key_id: Of the key that signed it, 16 hex digits.
    """

    path: Path
    number: int
    key_id: str


def state_on(
    run: Path, meaning: Meaning, name: str, remark: str, key_file: Path, data_folder: Path
) -> Reviewed:
    """State that a run was reviewed or approved; the run's folder is not touched.

    Args:
        run: The run's folder.
        meaning: "reviewed" or "approved".
        name: Who states it; not the person who performed the run.
        remark: What else is to be said.
        key_file: That person's key, which the data folder trusts.
        data_folder: Where the statement is kept.

    Raises:
        RefusedInput: The run was altered, the statement comes out of turn or by the wrong person,
            or the key is not trusted here.
        StationError: The key does not sign, or disk or record store refuse.
    """
    require_unaltered(run, data_folder)
    _require_text("name", name, LONGEST_NAME)
    _require_text("remark", remark or "-", LONGEST_REMARK)
    record = (run / RECORD).read_bytes()
    publics = [one.public for one in known_keys(data_folder)]
    found = list(statements_on(run, data_folder, record, publics))
    wrong = [one for one in found if not isinstance(one, Signed)]
    if wrong:
        raise RefusedInput("STATEMENT", "; ".join(f"{path}: {words}" for path, words in wrong))
    before = [one.statement for one in found if isinstance(one, Signed)]
    require_order(meaning, name, [*_performed(run), *before])
    key = read_key_file(key_file)
    require_in_use(key.public, data_folder)
    if key.public not in publics:
        raise RefusedInput(
            "UNKNOWN_KEY",
            f"{key_file}: key {key.key_id.hex()} is not known in {data_folder}: `ledcal key "
            "trust` its public half first",
        )
    statement = Statement(
        run=run.resolve().name,
        record_sha256=sha256_hex(record),
        meaning=meaning,
        name=name,
        at=datetime.now(UTC).isoformat(),
        remark=remark,
    )
    content = signed(statement, key)
    path = add_statement(run, data_folder, meaning, content)
    entry = LogEntry(
        kind=f"run {meaning}",
        subject=run.resolve().name,
        who=name,
        station="",
        facts={"remark": remark, "key_id": key.key_id.hex(), "file": path.name},
    )
    proof = enter(entry, engineering_key(data_folder), store_url(data_folder_of(run)))
    return Reviewed(path=path, number=proof.number, key_id=key.key_id.hex())


def _performed(run: Path) -> list[Statement]:
    """Return who performed a run by its record, also where nobody signed for it."""
    began = record_of(run).run
    if began.operator == NOT_RECORDED:
        return []
    statement = Statement(
        run=began.run, record_sha256="", meaning="performed", name=began.operator, at=began.at
    )
    return [statement]


def _require_text(field: str, text: str, longest: int) -> None:
    Request(serial="", operator=text)  # refuses what no record could keep
    if not text.strip() or len(text) > longest:
        raise RefusedInput(
            "TEXT", f"{field}: has {len(text)} characters; it needs 1 to {longest}, not all blank"
        )
