"""Review and approve a closed run: a person's statement, signed with that person's key."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ledcal.calibration.amendment import Amendment, amended
from ledcal.calibration.statement import Meaning, Statement
from ledcal.rig.additions import chain_of, enter_addition
from ledcal.rig.closing import RECORD
from ledcal.rig.errors import RefusedInput
from ledcal.rig.folder import sha256_hex
from ledcal.rig.key_file import read_key_file
from ledcal.rig.run import NOT_RECORDED, Request
from ledcal.rig.sign import require_unaltered
from ledcal.rig.statements import Signed, add_statement, require_order, signed, statements_on
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
    chain = chain_of(run, data_folder, publics)
    before = [
        one.statement
        for one in found
        if isinstance(one, Signed)
        # What was said of an earlier revision does not cover this one.
        and (one.statement.meaning == "performed" or one.statement.revision == len(chain.plain))
    ]
    require_order(meaning, name, [*_performed(run, chain.plain), *before])
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
        revision=len(chain.amendments),
        amendment_sha256=chain.last_sha256,
    )
    content = signed(statement, key)
    path = add_statement(run, data_folder, meaning, content)
    facts = {"remark": remark, "key_id": key.key_id.hex(), "file": path.name}
    number = enter_addition(run, data_folder, f"run {meaning}", name, facts, [path])
    return Reviewed(path=path, number=number, key_id=key.key_id.hex())


def _performed(run: Path, amendments: list[Amendment]) -> list[Statement]:
    """Return who performed a run by its record and its amendments, also where nobody signed."""
    record = record_of(run)
    names = [record.run.operator, amended(record, amendments)["operator"]]
    return [
        Statement(
            run=record.run.run,
            record_sha256="",
            meaning="performed",
            name=name,
            at=record.run.at,
        )
        for name in dict.fromkeys(names)
        if name != NOT_RECORDED
    ]


def _require_text(field: str, text: str, longest: int) -> None:
    Request(serial="", operator=text)  # refuses what no record could keep
    if not text.strip() or len(text) > longest:
        raise RefusedInput(
            "TEXT", f"{field}: has {len(text)} characters; it needs 1 to {longest}, not all blank"
        )
