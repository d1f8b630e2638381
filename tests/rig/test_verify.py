import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledcal.rig.closing import (
    CERTIFICATE,
    PANEL_FILE,
    RECORD,
    SEAL,
    close_run,
    seal_bytes,
    sealed_files,
)
from ledcal.rig.errors import RefusedInput
from ledcal.rig.folder import canonical
from ledcal.rig.journal import JOURNAL
from ledcal.rig.keys import ENGINEERING_KEY, SigningKey
from ledcal.rig.log_book import LOG_PROOF
from ledcal.rig.run import CALIBRATION, RUNS
from ledcal.rig.verify import verify_path, verify_run


def altered(folder: Path, data_folder: Path) -> set[str]:
    """Return the names of the files that are not as they were sealed."""
    return {finding.file for finding in verify_run(folder, data_folder).findings}


def stranger() -> SigningKey:
    private = Ed25519PrivateKey.generate()
    return SigningKey(private.public_key().public_bytes_raw(), private.sign)


def test_an_untouched_run_is_unaltered(
    sealed_run: Path, data_folder: Path, key: SigningKey
) -> None:
    found = verify_run(sealed_run, data_folder)
    assert found.findings == ()
    assert found.checked == len(list(sealed_run.iterdir())) - 1
    assert found.key_id == key.key_id.hex()
    assert found.key is not None
    assert found.key.own


def test_a_flipped_bit_names_the_file_it_is_in(sealed_run: Path, data_folder: Path) -> None:
    names = [*sealed_files(sealed_run), SEAL]
    assert PANEL_FILE in names
    assert CALIBRATION in names
    for name in names:
        path = sealed_run / name
        content = path.read_bytes()
        for at in (0, len(content) // 2, len(content) - 1):
            for bit in (1, 0x80):
                flipped = bytearray(content)
                flipped[at] ^= bit
                path.write_bytes(flipped)
                assert altered(sealed_run, data_folder) == {name}, (name, at, bit)
        path.write_bytes(content)
    assert altered(sealed_run, data_folder) == set()


def test_every_byte_of_the_seal_counts(sealed_run: Path, data_folder: Path) -> None:
    path = sealed_run / SEAL
    content = path.read_bytes()
    for at in range(0, len(content), 7):
        path.write_bytes(content[:at] + bytes([content[at] ^ 0x20]) + content[at + 1 :])
        assert altered(sealed_run, data_folder) == {SEAL}, at
        path.write_bytes(content[:at])
        assert altered(sealed_run, data_folder) == {SEAL}, at


def test_what_was_taken_away_added_or_renamed_is_named(
    sealed_run: Path, data_folder: Path
) -> None:
    (sealed_run / RECORD).unlink()
    (sealed_run / PANEL_FILE).rename(sealed_run / "panel2.ledcal")
    (sealed_run / "below").mkdir()
    (sealed_run / "below" / "note.txt").write_text("")
    (sealed_run / ".hidden").write_text("")
    findings = {f.file: f.text for f in verify_run(sealed_run, data_folder).findings}
    assert findings[RECORD] == findings[PANEL_FILE] == "is missing"
    added = {name for name, text in findings.items() if text.startswith("was added")}
    assert added == {"panel2.ledcal", "below/note.txt", ".hidden"}


def test_links_and_pipes_are_named_and_not_followed(sealed_run: Path, data_folder: Path) -> None:
    (sealed_run / "dangling").symlink_to("nowhere")
    (sealed_run / "above").symlink_to("..")
    os.mkfifo(sealed_run / "pipe")
    (sealed_run / RECORD).unlink()
    os.mkfifo(sealed_run / RECORD)
    (sealed_run / JOURNAL).unlink()
    (sealed_run / JOURNAL).mkdir()
    assert altered(sealed_run, data_folder) == {"dangling", "above", "pipe", RECORD, JOURNAL}


def test_no_seal_is_a_finding(sealed_run: Path, data_folder: Path) -> None:
    (sealed_run / SEAL).unlink()
    found = verify_run(sealed_run, data_folder)
    assert [f.file for f in found.findings] == [SEAL]
    assert "is missing" in found.findings[0].text
    assert (found.key_id, found.key) == ("", None)


def test_the_seal_of_another_run_is_named(
    make_run: Callable[..., Path], data_folder: Path
) -> None:
    first = make_run("20260301T120000000Z-TEST-0001")
    second = make_run("20260302T120000000Z-TEST-0001")
    one, two = (first / SEAL).read_bytes(), (second / SEAL).read_bytes()
    (first / SEAL).write_bytes(two)
    (second / SEAL).write_bytes(one)
    for folder, other in ((first, second), (second, first)):
        found = verify_run(folder, data_folder)
        assert f"belongs to run {other.name}" in found.findings[0].text
        assert JOURNAL in {f.file for f in found.findings}


def test_a_run_under_another_name_is_named(sealed_run: Path, data_folder: Path) -> None:
    other = sealed_run.with_name("20260301T120000000Z-TEST-0002")
    sealed_run.rename(other)
    assert altered(other, data_folder) == {SEAL}


def test_a_copy_elsewhere_is_unaltered(
    sealed_run: Path, tmp_path: Path, data_folder: Path
) -> None:
    copy = tmp_path / "copied" / sealed_run.name
    shutil.copytree(sealed_run, copy)
    assert altered(copy, data_folder) == set()


def test_another_key_is_not_this_folders(sealed_run: Path, data_folder: Path) -> None:
    """Whoever signs again after an alteration has another key, and the id shows it."""
    (sealed_run / "station.toml").write_text("# altered\n")
    key = stranger()
    (sealed_run / SEAL).write_bytes(seal_bytes(sealed_run, key))
    found = verify_run(sealed_run, data_folder)
    assert found.key is None
    assert found.key_id == key.key_id.hex()
    # The panel's file was signed by the station: the two keys do not go together; and the log
    # knows the station file as it was.
    assert {f.file for f in found.findings} == {PANEL_FILE, LOG_PROOF}


def test_without_the_data_folders_key_none_is_known(
    make_run: Callable[..., Path], data_folder: Path
) -> None:
    folder = make_run()
    (data_folder / ENGINEERING_KEY).unlink()
    found = verify_run(folder, data_folder)
    assert found.findings == ()
    assert found.key is None


def test_files_that_do_not_belong_together_are_named_though_sealed(
    sealed_run: Path, data_folder: Path, key: SigningKey
) -> None:
    whole = {name: (sealed_run / name).read_bytes() for name in sealed_files(sealed_run)}
    for name, content in (
        (RECORD, b"{}"),
        (JOURNAL, whole[JOURNAL].replace(b"SMALL", b"OTHER")),
        (JOURNAL, b"{}\n"),
        (CALIBRATION, whole[CALIBRATION] + b"\n"),
        (PANEL_FILE, whole[PANEL_FILE][:-1]),
        (PANEL_FILE, b""),
    ):
        (sealed_run / name).write_bytes(content)
        (sealed_run / SEAL).write_bytes(seal_bytes(sealed_run, key))
        # A record that does not follow from the journal is named, whichever of them was altered.
        assert altered(sealed_run, data_folder) & {name, RECORD}, (name, content[:40])
        (sealed_run / name).write_bytes(whole[name])
    (sealed_run / CALIBRATION).unlink()
    (sealed_run / SEAL).write_bytes(seal_bytes(sealed_run, key))
    assert altered(sealed_run, data_folder) == {CALIBRATION, LOG_PROOF}


def reseal(folder: Path, change: Callable[[dict[str, Any]], object]) -> bytes:
    seal = json.loads((folder / SEAL).read_bytes())
    change(seal)
    return canonical(seal)


@pytest.mark.parametrize(
    "alter",
    [
        lambda seal: seal.update(signature=seal["signature"].upper()),
        lambda seal: seal.update(public_key=seal["public_key"].upper()),
        lambda seal: seal.update(signature=" " + seal["signature"]),
        lambda seal: seal.update(public_key=""),
        lambda seal: seal.update(signature=""),
        lambda seal: seal.update(signature=None),
        lambda seal: seal.pop("signature"),
        lambda seal: seal.pop("files"),
        lambda seal: seal.pop("format"),
        lambda seal: seal.update(format="ledcal-seal/2"),
        lambda seal: seal.update(files=[]),
        lambda seal: seal.update(files=None),
        lambda seal: seal["files"].pop(RECORD),
        lambda seal: seal["files"].update({"../../etc/passwd": "00"}),
        lambda seal: seal.update(run=7),
        lambda seal: seal.update(more=1),
    ],
)
def test_an_altered_seal_is_named(
    sealed_run: Path, data_folder: Path, alter: Callable[[dict[str, Any]], object]
) -> None:
    (sealed_run / SEAL).write_bytes(reseal(sealed_run, alter))
    assert altered(sealed_run, data_folder) == {SEAL}


def test_a_seal_has_one_spelling(sealed_run: Path, data_folder: Path) -> None:
    content = (sealed_run / SEAL).read_bytes()
    said = json.loads(content)
    for other in (
        content + b"\n",
        b" " + content,
        json.dumps(said).encode(),
        json.dumps(said, indent=1).encode(),
        content.replace(b'"run"', b'"\\u0072un"'),
        content.replace(b'"files":', b'"files":{},"files":'),
    ):
        (sealed_run / SEAL).write_bytes(other)
        assert altered(sealed_run, data_folder) == {SEAL}


def test_a_signed_seal_cannot_lead_out_of_the_folder(
    sealed_run: Path, data_folder: Path, key: SigningKey, tmp_path: Path
) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("x")
    seal = json.loads((sealed_run / SEAL).read_bytes())
    del seal["signature"]
    seal["files"][f"../../../{outside.name}"] = "00"
    seal["files"][str(outside)] = "00"
    signed = canonical(seal | {"signature": key.sign(canonical(seal)).hex()})
    (sealed_run / SEAL).write_bytes(signed)
    findings = verify_run(sealed_run, data_folder).findings
    assert {f.text for f in findings} == {"is missing"}
    assert len(findings) == 2


def test_a_file_stands_for_its_run(sealed_run: Path, data_folder: Path) -> None:
    assert verify_path(sealed_run / RECORD, data_folder).folder == sealed_run
    (sealed_run / RECORD).unlink()
    found = verify_path(sealed_run / RECORD, data_folder)
    assert [(f.file, f.text) for f in found.findings] == [(RECORD, "is missing")]


def test_what_is_not_there_is_refused(sealed_run: Path, data_folder: Path) -> None:
    with pytest.raises(RefusedInput, match="no such run folder or file"):
        verify_path(sealed_run.with_name("20260309T120000000Z-TEST-0001"), data_folder)
    with pytest.raises(RefusedInput, match="no such run folder or file"):
        verify_path(sealed_run / "record.jsno", data_folder)


def test_what_is_of_no_run_is_refused_and_not_called_altered(
    sealed_run: Path, data_folder: Path, tmp_path: Path
) -> None:
    alone = tmp_path / "download" / CERTIFICATE
    alone.parent.mkdir()
    alone.write_bytes((sealed_run / CERTIFICATE).read_bytes())
    for path in (alone, alone.parent, data_folder / RUNS):
        with pytest.raises(RefusedInput, match=r"is in no run.*--checkpoint PAGE"):
            verify_path(path, data_folder)
    # A folder named as a run's is one, also when somebody has taken all out of it.
    for file in sealed_run.iterdir():
        file.unlink()
    assert [f.file for f in verify_path(sealed_run, data_folder).findings] == [SEAL]


def test_a_file_outside_a_run_is_not_called_altered(
    sealed_run: Path, data_folder: Path, tmp_path: Path
) -> None:
    """As one that was exported; where a run was, its missing seal is still told."""
    copy = Path(shutil.copy(sealed_run / RECORD, tmp_path / "copy.json"))
    with pytest.raises(RefusedInput, match="is in no run's folder, and not checked"):
        verify_path(copy, data_folder)
    (sealed_run / SEAL).unlink()
    assert verify_path(sealed_run / RECORD, data_folder).findings


def test_a_run_can_be_closed_again_only_without_its_seal(
    sealed_run: Path, data_folder: Path, key: SigningKey
) -> None:
    (sealed_run / RECORD).write_bytes(b"{}")
    close_run(sealed_run, key)
    assert altered(sealed_run, data_folder) == {RECORD}
