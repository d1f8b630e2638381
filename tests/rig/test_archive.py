"""An archive of a panel: complete, always the same, checked with and without ledcal."""

import csv
import os
import re
import shutil
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ledcal.reports.page import csp_hash
from ledcal.rig.archive import SUMS, SUMS_SIGNATURE, write_archive
from ledcal.rig.archive_file import write_files
from ledcal.rig.archive_forms import csv_table
from ledcal.rig.archive_verify import verify_archive
from ledcal.rig.backup import back_up
from ledcal.rig.cli import app
from ledcal.rig.closing import CERTIFICATE, RECORD
from ledcal.rig.errors import RefusedInput, StationError
from ledcal.rig.key_file import new_key_file, public_file
from ledcal.rig.keys import ENGINEERING_KEY, SITE_TOKEN, engineering_key
from ledcal.rig.run import RUNS
from ledcal.rig.trust import trust

SERIAL = "TEST-0001"
FIRST, SECOND, KILLED = (f"20260301T1{hour}0000000Z-{SERIAL}" for hour in range(3))
HOSTILE = "=cmd()<script>alert(1)</script>\u202e"


def ledcal(*arguments: str | Path) -> tuple[int, str]:
    told = CliRunner().invoke(app, [*map(str, arguments)])
    return told.exit_code, told.output


@pytest.fixture
def whole(
    make_run: Callable[..., Path],
    begin_run: Callable[..., tuple[Path, object]],
    data_folder: Path,
    tmp_path: Path,
) -> Path:
    """Two closed runs, one of them reviewed, and one that was killed; another panel's is there."""
    make_run(FIRST, operator="Tom", reason=HOSTILE)
    make_run(SECOND)
    make_run("20260301T150000000Z-TEST-0002", serial="TEST-0002")
    begin_run(KILLED)
    person = tmp_path / "ann.toml"
    new_key_file(person, "Ann", "ENG")
    trust(public_file(person), data_folder)
    new_key_file(tmp_path / "idle.toml", "Idle", "ENG")
    trust(public_file(tmp_path / "idle.toml"), data_folder)
    reviewed = ("review", FIRST, "--name", "Ann", "--key", person, "--data", data_folder)
    assert ledcal(*reviewed)[0] == 0
    (data_folder / SITE_TOKEN).write_text("the-token-of-this-station")
    archive = tmp_path / "whole.zip"
    code, told = ledcal("export", SERIAL, "--archive", archive, "--data", data_folder)
    assert code == 0, told
    assert "nothing was altered" in told
    return archive


def unpacked(archive: Path, folder: Path) -> Path:
    with zipfile.ZipFile(archive) as source:
        source.extractall(folder)
    return folder


def test_all_of_one_panel_is_in_it_and_nothing_of_another(
    whole: Path, data_folder: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(whole) as archive:
        names = set(archive.namelist())
        everything = b"".join(archive.read(name) for name in names)
    for run in (FIRST, SECOND, KILLED):
        for path in (data_folder / RUNS / run).iterdir():
            assert (f"{RUNS}/{run}/{path.name}" in names) == (path.name != ".room"), path
        assert f"forms/{run}/results.csv" in names
    assert f"statements/{FIRST}/01-reviewed.dsse.json" in names
    assert f"forms/{FIRST}/{CERTIFICATE}" in names
    assert f"forms/{SECOND}/{CERTIFICATE}" not in names, "nothing was signed since"
    assert {"README.txt", "index.html", "check.py", SUMS, SUMS_SIGNATURE} <= names
    proofs = {name for name in names if name.startswith("log/") and name.endswith(".proof")}
    # Each run was closed and sealed; 4 and 5 are of the other panel's run, 6 is the review.
    assert proofs == {f"log/{number:08d}.proof" for number in (0, 1, 2, 3, 6)}
    assert len([name for name in names if name.endswith(".pem")]) == 2
    for secret in (b"TEST-0002", b"PRIVATE", b"the-token-of-this-station", b"Idle"):
        assert secret not in everything
    # The same folder gives the same bytes.
    write_archive(SERIAL, tmp_path / "again.zip", data_folder)
    assert (tmp_path / "again.zip").read_bytes() == whole.read_bytes()


def test_who_follows_the_readme_needs_no_ledcal(whole: Path, tmp_path: Path) -> None:
    folder = unpacked(whole, tmp_path / "stranger")
    commands = re.findall(r"^ +\$ (.+)$", (folder / "README.txt").read_text(), re.MULTILINE)
    assert [line.split()[0] for line in commands] == ["sha256sum", "openssl", "python3", "openssl"]
    assert "import ledcal" not in (folder / "check.py").read_text()
    assert "from ledcal" not in (folder / "check.py").read_text()
    needed = ("sh", "sha256sum", "openssl", "tail")
    if any(shutil.which(name) is None for name in needed):
        pytest.skip(f"needs {', '.join(needed)}")
    for line in commands:
        # Isolated: nothing that is installed beside Python is found.
        line = line.replace("python3", f"{sys.executable} -I -S")
        done = subprocess.run(["sh", "-c", line], cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, (line, done.stdout, done.stderr)
        if "pkey " in line:
            key = re.findall(r"keys/(\w+)\.pem", line)[0]
            assert done.stdout.startswith(key)


def test_the_check_without_ledcal_names_what_was_altered(whole: Path, tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl")
    folder = unpacked(whole, tmp_path / "stranger")
    altered = {
        f"{RUNS}/{FIRST}/{RECORD}": "is not what was archived",
        f"statements/{FIRST}/01-reviewed.dsse.json": "is signed with no key",
        "log/00000001.proof": "its entry is not in the log",
        f"{RUNS}/{SECOND}/panel.ledcal": "panel.ledcal is not what was sealed",
    }
    for name in altered:
        content = bytearray((folder / name).read_bytes())
        content[len(content) // 3] ^= 1
        (folder / name).write_bytes(content)
    code, told = checked(folder)
    assert code == 1
    for name, words in altered.items():
        assert f"WRONG {name}: " in told
        assert words in told
    note = folder / "log/checkpoint.txt"
    note.write_text(note.read_text().replace("\n7\n", "\n8\n"))
    assert "WRONG log/checkpoint.txt: is signed with no key" in checked(folder)[1]


def checked(folder: Path) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-I", "check.py"], cwd=folder, capture_output=True, text=True
    )
    return done.returncode, done.stdout


def rewritten(whole: Path, path: Path, name: str, content: bytes | None, **said: int) -> Path:
    """The archive with one file changed, taken away or added, as `write_files` writes it."""
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w") as target:
        for one in sorted({*source.namelist(), name}):
            if one == name and content is None:
                continue
            info = zipfile.ZipInfo(one, (1980, 1, 1, 0, 0, 0))
            info.create_system, info.external_attr = 3, 0o100644 << 16
            if one == name:
                info.external_attr = said.get("mode", 0o100644) << 16
                info.compress_type = said.get("compressed", zipfile.ZIP_STORED)
                target.writestr(info, content or b"")
            else:
                target.writestr(info, source.read(one))
    return path


def found_in(archive: Path, data_folder: Path) -> str:
    return "\n".join(
        f"{finding.file} {finding.text}"
        for one in verify_archive(archive, data_folder)
        for finding in one.findings
    )


def test_an_altered_archive_is_named(whole: Path, data_folder: Path, tmp_path: Path) -> None:
    changes: list[tuple[str, bytes | None, str]] = [
        (f"{RUNS}/{FIRST}/{CERTIFICATE}", b"PASS", f"{RUNS}/{FIRST}/{CERTIFICATE} was altered"),
        (f"{RUNS}/{FIRST}/{RECORD}", None, f"{RUNS}/{FIRST}/{RECORD} is missing"),
        (f"{RUNS}/{FIRST}/more.txt", b"x", "was added after the archive was signed"),
        ("README.txt", b"trust me", "README.txt was altered"),
        (SUMS, b"", "its signature does not hold"),
        (SUMS_SIGNATURE, bytes(64), "its signature does not hold"),
        ("archive.json", b"{}", "is damaged"),
        ("archive.json", b"[" * 100_000, "is damaged"),
        ("archive.json", None, "is no archive of a panel: it has no archive.json"),
        ("../evil", b"x", "names '../evil', which is no plain name"),
        ("/etc/evil", b"x", "names '/etc/evil', which is no plain name"),
        ("a\\b", b"x", "which is no plain name"),
        ("x" * 201, b"x", "which is no plain name"),
        ("readme.TXT", b"x", "holds one name twice"),
        ("README.txt/x", b"x", "is damaged"),
    ]
    altered = tmp_path / "altered.zip"
    for name, content, words in changes:
        assert words in found_in(rewritten(whole, altered, name, content), data_folder), name
    assert not (tmp_path / "evil").exists()
    code, told = ledcal("verify", altered, "--data", data_folder)
    assert code == 1
    assert "altered" in told


def test_what_could_grow_lead_elsewhere_or_hide_is_refused(
    whole: Path, data_folder: Path, tmp_path: Path
) -> None:
    altered = tmp_path / "altered.zip"
    bomb = rewritten(whole, altered, "bomb", bytes(10**7), compressed=zipfile.ZIP_DEFLATED)
    assert "would grow beyond" in found_in(bomb, data_folder)
    packed = rewritten(whole, altered, "small", b"x", compressed=zipfile.ZIP_DEFLATED)
    assert "is compressed, or no plain file" in found_in(packed, data_folder)
    link = rewritten(whole, altered, "link", b"/etc/passwd", mode=stat.S_IFLNK | 0o777)
    assert "no plain file" in found_in(link, data_folder)
    content = whole.read_bytes()
    altered.write_bytes(b"#!/bin/sh\n" + content)
    assert "they do not make it again" in found_in(altered, data_folder)
    for length in (0, 3, 100, len(content) // 2, len(content) - 1):
        altered.write_bytes(content[:length])
        assert "take another copy" in found_in(altered, data_folder)
    backup = tmp_path / "backup.zip"
    back_up(data_folder, backup)
    assert "a backup is checked by `ledcal restore`" in found_in(backup, data_folder)


def test_a_run_that_the_log_tells_of_cannot_be_left_out(
    whole: Path, data_folder: Path, tmp_path: Path
) -> None:
    """By whoever has the key that signs archives."""
    key = engineering_key(data_folder)
    with zipfile.ZipFile(whole) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    files = {name: content for name, content in files.items() if f"/{SECOND}/" not in name}
    lines = files[SUMS].decode().splitlines(keepends=True)
    files[SUMS] = "".join(line for line in lines if f"/{SECOND}/" not in line).encode()
    files[SUMS_SIGNATURE] = key.sign(files[SUMS])
    paths = {name: tmp_path / str(number) for number, name in enumerate(files)}
    for name, path in paths.items():
        path.write_bytes(files[name])
    with (tmp_path / "cut.zip").open("wb") as cut:
        write_files(cut, paths)
    assert f"tells of run {SECOND}, which is not here with a seal" in found_in(
        tmp_path / "cut.zip", data_folder
    )


def test_no_flipped_bit_goes_unseen(whole: Path, data_folder: Path, tmp_path: Path) -> None:
    content = bytearray(whole.read_bytes())
    altered = tmp_path / "altered.zip"
    for place in range(5, len(content), len(content) // 40):
        content[place] ^= 0x10
        altered.write_bytes(content)
        assert found_in(altered, data_folder), place
        content[place] ^= 0x10


def test_an_archive_of_what_was_altered_says_so(data_folder: Path, whole: Path) -> None:
    (data_folder / RUNS / SECOND / CERTIFICATE).write_text("PASS")
    other = whole.with_name("other.zip")
    code, told = ledcal("export", SERIAL, "--archive", other, "--data", data_folder)
    assert code == 1
    assert f"{CERTIFICATE}: was altered" in told
    assert other.exists(), "what was altered is evidence too"


def test_a_stranger_is_told_that_nobody_here_knows_the_key(whole: Path, tmp_path: Path) -> None:
    found = verify_archive(whole, tmp_path / "nowhere")
    assert not any(one.findings for one in found)
    assert [one.key for one in found] == [None, None, None]
    assert found[0].key_id == found[1].key_id != ""


def test_secrets_and_strange_files_do_not_go_out(
    whole: Path, data_folder: Path, tmp_path: Path
) -> None:
    run = data_folder / RUNS / KILLED
    output = tmp_path / "other.zip"
    private = (data_folder / ENGINEERING_KEY).read_bytes()
    for content in (
        private,
        b"x the-token-of-this-station x",
        (tmp_path / "ann.toml").read_bytes(),
    ):
        (run / "note.txt").write_bytes(content)
        with pytest.raises(RefusedInput, match="holds a private key or a token"):
            write_archive(SERIAL, output, data_folder)
    (run / "note.txt").unlink()
    (run / "two words").write_text("")
    with pytest.raises(RefusedInput, match="is no file that ledcal leaves"):
        write_archive(SERIAL, output, data_folder)
    (run / "two words").unlink()
    os.symlink("/etc/passwd", run / "linked")
    with pytest.raises(RefusedInput, match="leads elsewhere"):
        write_archive(SERIAL, output, data_folder)
    (run / "linked").unlink()
    with pytest.raises(StationError, match="cannot be written"):
        write_archive(SERIAL, tmp_path / "no" / "folder.zip", data_folder)
    with pytest.raises(RefusedInput, match="choose another name"):
        write_archive(SERIAL, whole, data_folder)
    with pytest.raises(RefusedInput, match="has no run in"):
        write_archive("TEST-0009", output, data_folder)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith((".", "other"))]


def test_hostile_texts_are_harmless_in_every_view(whole: Path, tmp_path: Path) -> None:
    folder = unpacked(whole, tmp_path / "stranger")
    page = (folder / "index.html").read_text()
    assert "<script" not in page
    assert "default-src 'none'" in page
    style = re.findall(r"<style>(.*)</style>", page, re.DOTALL)[0]
    assert csp_hash(style) in page, "a browser would not apply it"
    links = set(re.findall(r'href="([^"]+)"', page))
    assert {f"{RUNS}/{run}/journal.jsonl" for run in (FIRST, SECOND, KILLED)} <= links
    assert [link for link in links if not (folder / link).is_file()] == []
    head = ["a\r\nb"]
    text = csv_table(head, ("x",), [[one] for one in (HOSTILE, "+1", "-1", "@x", -1.5, {"a": 1})])
    cells = [row[0] for row in csv.reader(text.splitlines()) if not row[0].startswith("#")]
    assert cells[1:5] == ["'=cmd()<script>alert(1)</script>\\u202e", "'+1", "'-1", "'@x"]
    assert cells[5:] == ["-1.5", '{"a": 1}']
    assert text.count("\r\n") == len(text.splitlines())


def test_an_export_wants_one_thing(data_folder: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole.zip"
    for more in ([], ["--as", "raw"], ["--archive", whole, "--as", "raw", "--output", "x"]):
        code, told = ledcal("export", SERIAL, *more, "--data", data_folder)
        assert code == 2
        assert "say either --as raw|hex|c --output FILE" in told
