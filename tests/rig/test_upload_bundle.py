"""A run's bundle is the same bytes wherever and whenever it is made."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ledcal.rig.closing import SEAL
from ledcal.rig.errors import RefusedInput
from ledcal.rig.folder import sha256_hex
from ledcal.rig.upload_bundle import bundle_sha256, unpack_bundle, write_bundle

RUN = "20260301T120000000Z-TEST-0001"
FIXED = "d3c9da66d1940cab53779cb524104d84"


@pytest.fixture
def small(tmp_path: Path) -> Path:
    run = tmp_path / RUN
    (run / "plots").mkdir(parents=True)
    (run / SEAL).write_bytes(b"{}")
    (run / "record.json").write_bytes(b'{"a":1}')
    (run / "plots" / "one.svg").write_bytes(b"<svg/>")
    return run


def test_the_same_run_is_the_same_bundle_in_every_version(small: Path) -> None:
    # A site knows runs by this: it must never change.
    assert bundle_sha256(small)[:32] == FIXED
    for path in small.rglob("*"):
        os.utime(path, (10**9, 10**9))
        path.chmod(0o700)
    assert bundle_sha256(small)[:32] == FIXED


def test_there_and_back(sealed_run: Path, tmp_path: Path) -> None:
    file = tmp_path / "bundle.zip"
    with file.open("w+b") as output:
        name = write_bundle(sealed_run, output)
    assert name == sha256_hex(file.read_bytes())
    into = tmp_path / "into"
    into.mkdir()
    run = unpack_bundle(file, name, into)
    assert run.name == sealed_run.name
    for path in sealed_run.rglob("*"):
        assert (run / path.relative_to(sealed_run)).read_bytes() == path.read_bytes()


@pytest.mark.parametrize("append", [b"x", b"PK\x05\x06" + bytes(18)])
def test_nothing_can_hide_beside_the_files(small: Path, tmp_path: Path, append: bytes) -> None:
    file = tmp_path / "bundle.zip"
    with file.open("w+b") as output:
        write_bundle(small, output)
    content = file.read_bytes()
    for changed in (content + append, append + content):
        file.write_bytes(changed)
        into = tmp_path / sha256_hex(changed)
        into.mkdir()
        with pytest.raises(RefusedInput):
            unpack_bundle(file, sha256_hex(changed), into)


def a_link(run: Path) -> None:
    (run / "link").symlink_to("/etc/passwd")


def a_hidden_file(run: Path) -> None:
    (run / ".hidden").write_bytes(b"")


@pytest.mark.parametrize("spoil", [a_link, a_hidden_file])
def test_what_no_run_leaves_is_not_bundled(small: Path, spoil: Callable[[Path], None]) -> None:
    spoil(small)
    with pytest.raises(RefusedInput, match="is no file that a run leaves"):
        bundle_sha256(small)
