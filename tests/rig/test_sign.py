import json
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from ledcal.calibration.codec import check_signature, decode
from ledcal.calibration.outcome import Outcome
from ledcal.calibration.record import PanelIdentity
from ledcal.rig.closing import PANEL_FILE, close_run, finished, sealed_files
from ledcal.rig.delivery import deliverable
from ledcal.rig.errors import RefusedInput
from ledcal.rig.folder import canonical, sha256_hex
from ledcal.rig.issue import ISSUE, ISSUED, issue_bytes, read_issue
from ledcal.rig.key_file import new_key_file, public_file, read_key_file
from ledcal.rig.keys import SigningKey, engineering_key, signature_holds
from ledcal.rig.log_reading import entries, reading_log
from ledcal.rig.rebuild import rebuilt
from ledcal.rig.release import write_unsigned
from ledcal.rig.run import CALIBRATION
from ledcal.rig.settings import SettingsFile
from ledcal.rig.sign import sign_run
from ledcal.rig.station import Station
from ledcal.rig.summary import (
    history_object,
    outcome_object,
    print_history,
    print_record,
    record_of,
)
from ledcal.rig.trust import retire, trust
from ledcal.rig.verify import verify_run
from ledcal.rig.verify_archive import verify_data
from tests.rig.conftest import SERIAL, StartRun, panel_content

MakeWaiting = Callable[..., Path]


@pytest.fixture
def make_waiting(begin_run: StartRun, key: SigningKey, identity: PanelIdentity) -> MakeWaiting:
    """A sealed run that wrote its calibration, and a reason for its end."""

    def make(code: str = "AWAITING_SIGNATURE", outcome: Outcome = Outcome.ABORTED) -> Path:
        folder, journal = begin_run()
        journal.append("panel", asdict(identity))
        write_unsigned(folder, panel_content(identity), {"run": folder.name}, identity, key)
        reasons = [{"code": code, "text": "sign it"}] if code else []
        journal.append("run_finished", finished(outcome, reasons))
        journal.close()
        close_run(folder, key)
        return folder

    return make


@pytest.fixture
def waiting(make_waiting: MakeWaiting) -> Path:
    return make_waiting()


@pytest.fixture
def reviewer(tmp_path: Path, data_folder: Path) -> Path:
    """An engineering key of somebody who reviews, known in the data folder."""
    path = tmp_path / "reviewer.toml"
    new_key_file(path, "reviewer", "ENG")
    trust(public_file(path), data_folder)
    return path


def test_a_waiting_run_is_signed_beside_its_sealed_folder(
    waiting: Path, reviewer: Path, data_folder: Path
) -> None:
    before = {name: (waiting / name).read_bytes() for name in sealed_files(waiting)}
    assert PANEL_FILE not in before
    assert read_issue(data_folder, waiting) is None
    signed = sign_run(waiting, reviewer, "B. Okafor", data_folder)
    assert {name: (waiting / name).read_bytes() for name in sealed_files(waiting)} == before
    assert signed.path == data_folder / ISSUED / waiting.name / PANEL_FILE
    issue = read_issue(data_folder, waiting)
    assert issue is not None
    assert issue.file == signed.path.read_bytes()
    assert (issue.operator, issue.key_id) == ("B. Okafor", signed.key_id)
    check_signature(issue.file, [issue.public_key], signature_holds)
    assert decode(issue.file).calibration.serial == SERIAL
    assert verify_run(waiting, data_folder).findings == ()
    assert [one.findings for one in verify_data(data_folder)] == [(), ()]
    with reading_log(data_folder) as connection:
        assert connection is not None
        (entry,) = entries(connection, ["file signed"], waiting.name)
    assert (entry.who, entry.station) == ("B. Okafor", "bench 1")
    assert entry.facts["file_sha256"] == sha256_hex(issue.file)


def test_only_a_signed_file_is_delivered(waiting: Path, reviewer: Path, data_folder: Path) -> None:
    with pytest.raises(RefusedInput, match="ABORTED AWAITING_SIGNATURE: its file was not issued"):
        deliverable(waiting, data_folder)
    sign_run(waiting, reviewer, "B. Okafor", data_folder)
    issued = deliverable(waiting, data_folder)
    assert not issued.proven
    assert issued.facts["run"] == waiting.name


def test_show_and_history_tell_what_became_of_the_signature(
    waiting: Path,
    reviewer: Path,
    data_folder: Path,
    key: SigningKey,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def told() -> tuple[dict[str, str], str]:
        record = record_of(waiting)
        signature = outcome_object(waiting, record)["signature"]
        assert history_object(SERIAL, [waiting])["runs"][0]["signature"] == signature
        capsys.readouterr()
        print_record(waiting, record)
        print_history(SERIAL, [waiting])
        printed = " ".join(capsys.readouterr().out.split())
        assert printed.count(" ".join(signature["text"].split())) == 2
        return signature, signature["text"]

    signature, text = told()
    assert signature["state"] == "waiting"
    assert f"ledcal sign {waiting.name} --key" in text
    signed = sign_run(waiting, reviewer, "B. Okafor", data_folder)
    signature, text = told()
    assert (signature["state"], signature["operator"]) == ("signed", "B. Okafor")
    assert "signed after review by B. Okafor at 20" in text
    assert signed.key_id in text
    assert "reviewer" in text
    assert text.endswith("not proven by light")
    retire(signed.key_id, data_folder)
    assert "retired" in told()[1]
    signed.path.write_bytes(b"not the file")
    signature, text = told()
    assert signature["state"] == "altered"
    assert "file_sha256" in text


def test_a_run_that_ended_otherwise_waits_for_no_signature(make_waiting: MakeWaiting) -> None:
    run = make_waiting("", Outcome.PASS)
    assert outcome_object(run, record_of(run))["signature"] is None


def test_a_file_that_a_stranger_signed_is_not_delivered(
    waiting: Path, data_folder: Path, tmp_path: Path
) -> None:
    path = tmp_path / "stranger.toml"
    new_key_file(path, "stranger", "ENG")
    sign_run(waiting, path, "B. Okafor", data_folder)
    with pytest.raises(RefusedInput, match=r"signed with key .* does not know"):
        deliverable(waiting, data_folder)
    trust(public_file(path), data_folder)
    assert not deliverable(waiting, data_folder).proven


def test_a_run_is_signed_once(waiting: Path, reviewer: Path, data_folder: Path) -> None:
    sign_run(waiting, reviewer, "B. Okafor", data_folder)
    before = (data_folder / ISSUED / waiting.name / PANEL_FILE).read_bytes()
    with pytest.raises(RefusedInput, match=r"was signed by 'B\. Okafor' at 20.* already"):
        sign_run(waiting, reviewer, "C. Roy", data_folder)
    assert (data_folder / ISSUED / waiting.name / PANEL_FILE).read_bytes() == before


def test_a_signing_that_was_cut_off_is_done_again(
    waiting: Path, reviewer: Path, data_folder: Path
) -> None:
    folder = data_folder / ISSUED / waiting.name
    folder.mkdir(parents=True)
    (folder / PANEL_FILE).write_bytes(b"half")
    assert read_issue(data_folder, waiting) is None
    with pytest.raises(RefusedInput, match="was not issued"):
        deliverable(waiting, data_folder)
    sign_run(waiting, reviewer, "B. Okafor", data_folder)
    assert deliverable(waiting, data_folder).file != b"half"


def keep_signed(run: Path, key_file: Path, data_folder: Path) -> None:
    """Leave what a signing leaves that was cut off before the log was told."""
    key, content = read_key_file(key_file), (run / CALIBRATION).read_bytes()
    file = (unsigned := rebuilt(content, key.key_id)) + key.sign(unsigned)
    (folder := data_folder / ISSUED / run.name).mkdir(parents=True)
    (folder / PANEL_FILE).write_bytes(file)
    (folder / ISSUE).write_bytes(issue_bytes(run.name, content, file, key, "B. Okafor", "2026"))


def test_a_signing_that_the_log_was_not_told_of_is_entered(
    waiting: Path, reviewer: Path, data_folder: Path
) -> None:
    keep_signed(waiting, reviewer, data_folder)
    assert sign_run(waiting, reviewer, "C. Roy", data_folder).known
    with reading_log(data_folder) as connection:
        assert connection is not None
        told = entries(connection, ["file signed"], waiting.name)
        assert [entry.who for entry in told] == ["B. Okafor"]
    with pytest.raises(RefusedInput, match=r"was signed by 'B\. Okafor' at 2026 already"):
        sign_run(waiting, reviewer, "C. Roy", data_folder)


@pytest.mark.parametrize(
    ("code", "outcome"),
    [("", Outcome.PASS), ("OUT_OF_LIMITS", Outcome.FAIL), ("INTERRUPTED", Outcome.ABORTED)],
)
def test_only_a_run_that_waits_is_signed(
    make_waiting: MakeWaiting, reviewer: Path, data_folder: Path, code: str, outcome: Outcome
) -> None:
    run = make_waiting(code, outcome)
    with pytest.raises(RefusedInput, match=f"ended {outcome} ?{code}: it does not wait"):
        sign_run(run, reviewer, "B. Okafor", data_folder)
    assert not (data_folder / ISSUED).exists()


def test_an_altered_run_is_not_signed(waiting: Path, reviewer: Path, data_folder: Path) -> None:
    path = waiting / CALIBRATION
    path.write_bytes(path.read_bytes().replace(b'"ceiling":12400', b'"ceiling":12500'))
    with pytest.raises(RefusedInput, match=r"calibration\.json was altered: SHA-256"):
        sign_run(waiting, reviewer, "B. Okafor", data_folder)


def test_a_run_that_a_stranger_sealed_is_not_signed(
    waiting: Path, reviewer: Path, tmp_path: Path
) -> None:
    engineering_key(tmp_path / "other")
    with pytest.raises(RefusedInput, match="does not know; `ledcal key trust`"):
        sign_run(waiting, reviewer, "B. Okafor", tmp_path / "other")


def test_prod_and_engineering_keys_are_not_exchanged(
    waiting: Path, data_folder: Path, tmp_path: Path
) -> None:
    new_key_file(tmp_path / "prod.toml", "line 1", "PROD")
    with pytest.raises(RefusedInput, match="is for PROD, the run was made in DEMO"):
        sign_run(waiting, tmp_path / "prod.toml", "B. Okafor", data_folder)


def test_a_prod_run_is_signed_by_a_prod_key_only(
    station: SettingsFile[Station],
    make_waiting: MakeWaiting,
    reviewer: Path,
    data_folder: Path,
    tmp_path: Path,
) -> None:
    said = station.settings.model_copy(
        update={"mode": "PROD", "simulated": False, "signing": "after review"}
    )
    object.__setattr__(station, "settings", said)
    run = make_waiting()
    with pytest.raises(RefusedInput, match="'reviewer' is for ENG, the run was made in PROD"):
        sign_run(run, reviewer, "B. Okafor", data_folder)
    # Nor when its file is changed to say so: the data folder knows what it is for.
    reviewer.write_text(reviewer.read_text().replace('"ENG"', '"PROD"'))
    with pytest.raises(RefusedInput, match="trusted here: reviewer, ENG, is for ENG"):
        sign_run(run, reviewer, "B. Okafor", data_folder)
    keep_signed(run, reviewer, data_folder)
    with pytest.raises(RefusedInput, match="is for ENG, the run was made in PROD"):
        deliverable(run, data_folder)
    shutil.rmtree(data_folder / ISSUED)
    line = new_key_file(tmp_path / "prod.toml", "line 1", "PROD")
    signed = sign_run(run, tmp_path / "prod.toml", "B. Okafor", data_folder)
    assert signed.key_id == line.key_id.hex()


def test_a_retired_key_signs_nothing(waiting: Path, reviewer: Path, data_folder: Path) -> None:
    known = trust(public_file(reviewer), data_folder)
    retire(known.key_id, data_folder)
    with pytest.raises(RefusedInput, match="retired since"):
        sign_run(waiting, reviewer, "B. Okafor", data_folder)


def test_an_operator_that_no_record_could_keep_is_refused(
    waiting: Path, reviewer: Path, data_folder: Path
) -> None:
    with pytest.raises(RefusedInput, match="is not UTF-8 text"):
        sign_run(waiting, reviewer, "\udcff", data_folder)


def test_every_bit_of_an_issue_counts(waiting: Path, reviewer: Path, data_folder: Path) -> None:
    sign_run(waiting, reviewer, "B. Okafor", data_folder)
    folder = data_folder / ISSUED / waiting.name
    for name in (ISSUE, PANEL_FILE):
        whole = (folder / name).read_bytes()
        for at in range(0, len(whole), 5):
            (folder / name).write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
            with pytest.raises(RefusedInput):
                read_issue(data_folder, waiting)
        (findings,) = verify_run(waiting, data_folder).findings
        assert findings.file == f"{ISSUED}/{waiting.name}"
        with pytest.raises(RefusedInput, match=ISSUED):
            deliverable(waiting, data_folder)
        (folder / name).unlink()
        if name == PANEL_FILE:
            with pytest.raises(RefusedInput, match="cannot be read: No such file"):
                read_issue(data_folder, waiting)
        (folder / name).write_bytes(whole)
    assert verify_run(waiting, data_folder).findings == ()


def test_an_issue_of_another_run_is_refused(
    waiting: Path, reviewer: Path, data_folder: Path, tmp_path: Path
) -> None:
    sign_run(waiting, reviewer, "B. Okafor", data_folder)
    other = waiting.with_name(waiting.name.replace("0001", "0002"))
    waiting.rename(other)
    (data_folder / ISSUED / waiting.name).rename(data_folder / ISSUED / other.name)
    with pytest.raises(RefusedInput, match=f"issue.json says run {waiting.name}"):
        read_issue(data_folder, other)


def test_an_issue_is_canonical_and_signed_as_a_whole(
    waiting: Path, reviewer: Path, data_folder: Path
) -> None:
    sign_run(waiting, reviewer, "B. Okafor", data_folder)
    path = data_folder / ISSUED / waiting.name / ISSUE
    said = json.loads(path.read_bytes())
    assert said["format"] == "ledcal-issue/1"
    for changed in (
        said | {"operator": "somebody else"},
        said | {"at": "2020-01-01"},
        said | {"format": "ledcal-issue/2"},
        said | {"public_key": "00" * 32},
        {name: value for name, value in said.items() if name != "signature"},
        {},
    ):
        path.write_bytes(canonical(changed))
        with pytest.raises(RefusedInput):
            read_issue(data_folder, waiting)
    path.write_bytes(json.dumps(said, indent=1).encode())
    with pytest.raises(RefusedInput, match="canonical"):
        read_issue(data_folder, waiting)
