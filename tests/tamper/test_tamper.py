"""Each kind of tampering is named by `ledcal verify`; no damage at all makes it crash or agree."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from ledcal.rig.cli import app
from ledcal.rig.log_book import LOG_PROOF, read_proof
from tests.tamper.archive import NAMES, Archive, make_archive
from tests.tamper.check import verify
from tests.tamper.kind import Kind
from tests.tamper.kinds import KINDS
from tests.tamper.store import cut_with_witnesses

ALL = [kind for kinds in KINDS.values() for kind in kinds]


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    return make_archive(tmp_path_factory.mktemp("whole"))


@pytest.fixture
def archive(whole: Archive, tmp_path: Path) -> Archive:
    return whole.copied(tmp_path)


def test_an_untouched_folder_is_clean(archive: Archive) -> None:
    said = verify(archive, outside=NAMES[-1])
    assert (said.exit_code, said.crash, said.findings) == (0, "", [])


@pytest.mark.parametrize("kind", ALL, ids=[kind.words.replace(" ", "-") for kind in ALL])
def test_it_is_named(archive: Archive, kind: Kind) -> None:
    kind.act(archive)
    said = verify(archive, kind.outside)
    assert (said.exit_code, said.crash) == (1, "")
    assert said.names(kind), said.findings


def told(archive: Archive, *files: object) -> tuple[int, str]:
    more = [part for file in files for part in ("--checkpoint", str(file))]
    data = str(archive.data)
    answer = CliRunner().invoke(app, ["verify", data, "--data", data, *more])
    return answer.exit_code, answer.output


def test_what_all_witnesses_were_taken_from_is_found_by_what_is_kept_elsewhere(
    archive: Archive,
) -> None:
    page = archive.outside / f"{NAMES[-1]}.html"
    proof = archive.outside / LOG_PROOF
    shutil.copy(archive.runs[-1] / LOG_PROOF, proof)
    text = archive.outside / "copied.txt"
    note = read_proof(archive.runs[-1]).note
    text.write_text("\r\n".join(f"   {line}  " for line in note.split("\n")), encoding="utf-8")
    cut_with_witnesses(archive)
    # With nothing kept outside there is nothing that contradicts the folder.
    assert told(archive)[0] == 0
    for witness in (page, proof, text):
        code, words = told(archive, witness)
        assert code == 1
        assert f"{witness.name}: the log was cut: 5 entries were signed, 4 are there" in words


def test_a_witness_that_is_none_is_refused(archive: Archive, tmp_path: Path) -> None:
    nothing = tmp_path / "nothing.html"
    nothing.write_text("<html><b>ledcal/0123456789abcdef</b><br>3<br>", encoding="utf-8")
    code, words = told(archive, nothing)
    assert code == 2
    assert "tells no checkpoint; give a certificate.html" in words
    assert "cannot be read" in told(archive, tmp_path / "none")[1]
    run = str(archive.runs[0])
    answer = CliRunner().invoke(app, ["verify", run, "--checkpoint", str(nothing)])
    assert "is for one data folder" in answer.output


def test_a_witness_by_another_station_is_named(archive: Archive, tmp_path: Path) -> None:
    other = make_archive(tmp_path / "other", NAMES[:2], b"")
    code, words = told(archive, other.outside / f"{NAMES[0]}.html")
    assert code == 1
    assert "is signed with a key that is not known here" in words


slow = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
Change = Callable[[bytes], bytes]


@st.composite
def changes(draw: st.DrawFn) -> Change:
    """Flip, cut, take out, put in or move bytes at places given as fractions of the length."""
    kind = draw(st.sampled_from(["flip", "cut", "take out", "put in", "move"]))
    place, other = draw(st.floats(0, 1)), draw(st.floats(0, 1))
    octets = draw(st.binary(min_size=1, max_size=8))

    def change(content: bytes) -> bytes:
        at, to = int(place * len(content)), int(other * len(content))
        first, last = sorted((at, to))
        match kind:
            case "flip":
                flipped = bytes(one ^ (octets[0] or 1) for one in content[at : at + 3])
                return content[:at] + flipped + content[at + 3 :]
            case "cut":
                return content[:at]
            case "take out":
                return content[:first] + content[last:]
            case "put in":
                return content[:at] + octets + content[at:]
        return content[last:] + content[first:last] + content[:first]

    return change


def stored(store: Path) -> object:
    """Return everything that a database tells, or that it is none any more."""
    try:
        with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as connection:
            return [*connection.iterdump()]
    except (sqlite3.Error, UnicodeDecodeError):
        return None


@slow
@given(change=changes(), which=st.integers(0, 1000))
def test_no_byte_of_any_file_can_be_changed(whole: Archive, change: Change, which: int) -> None:
    files = sorted(path for path in (whole.data / "runs").rglob("*") if path.is_file())
    files += sorted((whole.data / "statements").rglob("*.json"))
    path = files[which % len(files)]
    content = path.read_bytes()
    changed = change(content)
    try:
        path.write_bytes(changed)
        said = verify(whole)
    finally:
        path.write_bytes(content)
    assert said.crash == ""
    if changed != content:
        assert said.exit_code == 1, path
        assert any(path.name in file for file, _ in said.findings), (path, said.findings)


@slow
@given(change=changes())
def test_no_damage_to_the_store_is_agreed_to(whole: Archive, change: Change) -> None:
    """A byte of a free page is nothing that was stored; then nothing has to be found."""
    content, before = whole.store.read_bytes(), stored(whole.store)
    try:
        whole.store.write_bytes(change(content))
        said, after = verify(whole), stored(whole.store)
    finally:
        whole.store.write_bytes(content)
    assert said.crash == ""
    assert said.exit_code == 1 or after == before


def test_the_store_was_left_as_it_was(whole: Archive) -> None:
    """The properties above put every file back: what they found was their own doing."""
    said = verify(whole)
    assert (said.exit_code, said.findings) == (0, [])
