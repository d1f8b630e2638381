"""Amendments: a new record beside the old one, who may make it, and what becomes of the page."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from ledcal.calibration.amendment import Amendment, Change
from ledcal.reports.text import instant
from ledcal.rig.amendments import AMENDMENTS, signed_amendment
from ledcal.rig.closing import CERTIFICATE, RECORD, SEAL
from ledcal.rig.folder import sha256_hex
from ledcal.rig.key_file import new_key_file, public_file, read_key_file
from ledcal.rig.statements import RECORD_ENVELOPE, STATEMENTS
from ledcal.rig.store.opened import STORE
from ledcal.rig.trust import trust
from ledcal.rig.verify_archive import verify_data
from tests.rig.test_review import findings, ledcal, say
from tests.rig.test_summary import require_harmless

OTHER = "20260301T130000000Z-TEST-0001"
REASON = "the order named another clinic"


@pytest.fixture
def run(make_run: Callable[..., Path]) -> Path:
    return make_run(operator="Tom")


@pytest.fixture
def person(tmp_path: Path, data_folder: Path) -> Path:
    """A person's key, trusted in the data folder."""
    path = tmp_path / "ann.toml"
    new_key_file(path, "Ann", "ENG")
    trust(public_file(path), data_folder)
    return path


def amend(run: Path, key: Path, *said: str, **more: str) -> tuple[int, str]:
    options = {"reason": REASON, "name": "Ann"} | more
    texts = [word for name, text in options.items() for word in (f"--{name}", text)]
    pairs = [word for one in said for word in ("--set", one)]
    return ledcal("amend", run, "--key", key, "--data", run.parent.parent, *texts, *pairs)


def folder_of(run: Path) -> Path:
    return run.parent.parent / AMENDMENTS / run.name


def whole(run: Path) -> list[str]:
    """What the check of the whole data folder names."""
    found = verify_data(run.parent.parent)
    return [f"{one.file} {one.text}" for each in found for one in each.findings]


def test_a_run_is_amended_twice_and_tells_of_both(run: Path, person: Path, tmp_path: Path) -> None:
    data_folder, page = run.parent.parent, tmp_path / "p.html"
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    assert say("review", run, "Ann", person)[0] == 0
    assert say("approve", run, "Bob", person)[0] == 0
    code, told = amend(run, person, "customer=Clinic North", "operator=Thomas M.")
    assert code == 0, told
    assert "customer was not recorded, is Clinic North" in told
    assert amend(run, person, "customer=Clinic <b>South</b>", reason="moved")[0] == 0
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before
    assert (findings(run), whole(run)) == ({}, [])
    code, told = ledcal("report", run, "--output", page, "--data", data_folder)
    assert "with what was signed since" in told
    text = page.read_text()
    for words in (
        "Revision 2.",
        "<b>Amendment 1</b> of",
        f"by Ann: customer was not recorded, is <b>Clinic North</b>; "
        f"performed by was Tom, is <b>Thomas M.</b>; reason: {REASON}",
        "customer was Clinic North, is <b>Clinic &lt;b&gt;South&lt;/b&gt;</b>; reason: moved",
        "Customer</dt><dd>Clinic &lt;b&gt;South&lt;/b&gt; (Amendment 2)",
        "Performed by</dt><dd>Thomas M. (Amendment 1)<small>named by an amendment; reason:",
        "approved by Bob: covers revision 0, not this one",
        "Authorised by</dt><dd>not recorded<small>Bob approved revision 0; no person has",
        f"End of document {run.name}, revision 2",
        "\\2c  revision 2",  # in the margin of every printed page
    ):
        assert words in text, words
    code, told = ledcal("show", run, "--data", data_folder)
    assert "amended   Amendment 2 of" in told
    assert "revision 2" in ledcal("history", "TEST-0001", "--data", data_folder)[1]
    said = json.loads(ledcal("show", run, "--data", data_folder, "--json")[1])
    assert (said["revision"], said["amendments"][1]["changes"]["customer"]) == (
        2,
        {"old": "Clinic North", "new": "Clinic <b>South</b>"},
    )
    issued = instant(said["amendments"][1]["at"])
    tied = issued.replace(" +", "\xa0+")
    assert f"Issued</dt><dd>{tied}<small>revision 2, with its last amendment" in text
    # The new revision needs its own review, and its performer is the one that it names.
    assert "was not reviewed" in say("approve", run, "Bob", person)[1]
    assert "performed the run" in say("review", run, "thomas m.", person)[1]
    assert say("review", run, "Ann", person)[0] == 0
    assert say("approve", run, "Cid", person)[0] == 0
    ledcal("report", run, "--output", page, "--data", data_folder)
    text = page.read_text()
    assert "Authorised by</dt><dd>Cid" in text
    assert "approved by Cid: covers revision 2</li>" in text
    assert whole(run) == []


def test_a_performer_who_was_named_later_is_one_for_the_audit(
    make_run: Callable[..., Path], person: Path
) -> None:
    run = make_run()
    words = "nobody is named as operator"
    assert words in ledcal("audit", "--data", run.parent.parent)[1]
    assert amend(run, person, "operator=Tom", reason="forgotten")[0] == 0
    assert words not in ledcal("audit", "--data", run.parent.parent)[1]


REFUSED: list[tuple[list[str], dict[str, str], str]] = [
    (["irradiance=61"], {}, "make a new run"),
    (["serial=OTHER"], {}, "only operator, customer, condition, remark can be amended"),
    (["verdict=PASS", "customer=x"], {}, "make a new run"),
    (["customer"], {}, "write each field once"),
    (["customer=a", "customer=b"], {}, "write each field once"),
    (["operator=Tom"], {}, "is 'Tom' already"),
    (["operator=ann"], {}, "'Ann' has reviewed the run and cannot become its operator"),
    (["customer= "], {}, "not all blank"),
    (["customer=x"], {"reason": ""}, "reason: has 0 characters"),
    (["customer=" + "x" * 10_000], {}, "has 10000 characters"),
    (["customer=x"], {"reason": "x" * 301}, "it needs 1 to 300"),
    (["customer=x"], {"name": "Ann\x1b[31m"}, "characters that cannot be seen"),
    (["customer=\u202eevil"], {}, "characters that cannot be seen"),
    (["remark=a\nb"], {}, "characters that cannot be seen"),
    (["remark=\ud800"], {}, "characters that cannot be seen"),
]


def test_what_is_refused_at_the_door(run: Path, person: Path) -> None:
    assert say("review", run, "Ann", person)[0] == 0
    for said, more, words in REFUSED:
        code, told = amend(run, person, *said, **more)
        assert (code, words in told) == (2, True), told
        require_harmless(told)
    assert not folder_of(run).exists()


def test_a_stranger_or_an_altered_run_is_refused(run: Path, person: Path, tmp_path: Path) -> None:
    new_key_file(tmp_path / "eve.toml", "Eve", "ENG")
    assert "ledcal key trust" in amend(run, tmp_path / "eve.toml", "customer=x")[1]
    (run / CERTIFICATE).write_text("PASS")
    code, told = amend(run, person, "customer=x")
    assert (code, f"{CERTIFICATE} was altered" in told) == (2, True)


def forged(run: Path, key: Path, number: int, previous: str, **fields: object) -> bytes:
    """An amendment signed by a trusted person, but not made by the command."""
    facts = {
        "run": run.name,
        "record_sha256": sha256_hex((run / RECORD).read_bytes()),
        "changes": [Change(field="customer", old="not recorded", new="x")],
        **{"reason": "r", "name": "Ann", "at": "2026-03-01T12:00:00+00:00"},
    } | fields
    one = Amendment(number=number, previous_sha256=previous, **facts)  # type: ignore[arg-type]
    return signed_amendment(one, read_key_file(key))


def test_the_chain_is_checked(
    run: Path, person: Path, tmp_path: Path, make_run: Callable[..., Path]
) -> None:
    for number in range(1, 4):
        assert amend(run, person, f"remark={number}")[0] == 0
    folder, kept, data_folder = folder_of(run), tmp_path / "kept", run.parent.parent
    shutil.copytree(folder, kept)
    names = [f"{AMENDMENTS}/{run.name}/0{number}.dsse.json" for number in (1, 2, 3)]
    first, second, third = (folder / Path(name).name for name in names)
    hash_1 = sha256_hex(first.read_bytes())

    def found() -> dict[str, str]:
        told = findings(run)
        shutil.rmtree(folder)
        shutil.copytree(kept, folder)
        return told

    second.unlink()
    assert "amendment 2 is missing" in found()[names[2]]
    second.write_bytes(second.read_bytes().replace(b"payloadType", b"payloadtype"))
    told = found()
    assert "is no DSSE envelope" in told[names[1]]
    assert "comes after one that is not believed" in told[names[2]]
    second.write_bytes(forged(run, person, 2, hash_1, changes=[change("1", "other")]))
    assert "the chain was forked" in found()[names[2]]
    second.write_bytes(forged(run, person, 2, "ab" * 32, changes=[change("1", "2")]))
    assert "the chain was forked" in found()[names[1]]
    second.write_bytes(forged(run, person, 2, hash_1, changes=[change("0", "2")]))
    assert "says that remark was '0'; it was '1'" in found()[names[1]]
    second.write_bytes(forged(run, person, 2, hash_1, changes=[]))
    assert "it changes nothing" in found()[names[1]]
    shutil.copy(third, folder / "04.dsse.json")
    assert "its file was renamed" in found()[f"{AMENDMENTS}/{run.name}/04.dsse.json"]
    third.write_bytes((run / RECORD_ENVELOPE).read_bytes())
    assert "is no amendment but" in found()[names[2]]
    other = make_run(OTHER, operator="Tom")
    shutil.copytree(kept, folder_of(other))
    assert "is about run" in findings(other)[f"{AMENDMENTS}/{OTHER}/01.dsse.json"]
    shutil.rmtree(folder_of(other))
    # The last one is missed by the log alone.
    third.unlink()
    assert findings(run) == {}
    assert [words for words in whole(run) if "is gone; log entry" in words] == [
        f"{names[2]} is gone; log entry 4 says it was there"
    ]
    third.write_bytes(forged(run, person, 3, sha256_hex(second.read_bytes()), reason="z"))
    assert any("is not the file of log entry 4" in words for words in whole(run))
    shutil.rmtree(folder)
    shutil.copytree(kept, folder)
    (data_folder / STATEMENTS / run.name).mkdir(parents=True)
    assert whole(run) == []
    content = forged(run, person, 4, sha256_hex(third.read_bytes()), changes=[change("3", "4")])
    (folder / "04.dsse.json").write_bytes(content)
    assert any("was added past the log" in words for words in whole(run))
    assert (run / SEAL).exists()


def change(old: str, new: str) -> Change:
    return Change(field="remark", old=old, new=new)


def test_a_hostile_amendment_by_a_trusted_hand_is_harmless(
    run: Path, person: Path, tmp_path: Path
) -> None:
    bad = "\x1b[31m\u202e<script>alert(1)</script>=1+1" + "X" * 10_000
    folder_of(run).mkdir(parents=True)
    changes = [Change(field="customer", old="not recorded", new=bad)]
    content = forged(run, person, 1, "", reason=bad, name=bad, at=bad, changes=changes)
    (folder_of(run) / "01.dsse.json").write_bytes(content)
    data_folder, page = run.parent.parent, tmp_path / "p.html"
    for command in (("show", run), ("history", "TEST-0001"), ("report", run, "--output", page)):
        code, told = ledcal(*command, "--data", data_folder)
        assert code == 0
        assert "\x1b" not in told
        assert "\u202e" not in told
    text = page.read_text()
    assert "<script" not in text
    assert "\u202e" not in text
    assert f"({len(bad)} characters, the first 300 shown)" in text


def test_a_log_that_refuses_leaves_no_amendment(run: Path, person: Path, tmp_path: Path) -> None:
    store = run.parent.parent / STORE
    shutil.copy(store, tmp_path / "kept")
    # It can be read, as who may amend is read in it, but takes no entry.
    with closing(sqlite3.connect(store)) as connection:
        connection.execute("DROP TRIGGER log_entry_no_delete")
    code, told = amend(run, person, "customer=x")
    assert (code, "record store" in told) == (4, True), told
    shutil.copy(tmp_path / "kept", store)
    assert [*folder_of(run).iterdir()] == []
    assert amend(run, person, "customer=x")[0] == 0
    assert whole(run) == []
