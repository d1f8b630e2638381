import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ledcal.rig.errors import StationError
from ledcal.rig.folder import canonical, require_writable, sha256_hex, write_whole


def test_a_file_is_there_whole_and_alone(tmp_path: Path) -> None:
    path = tmp_path / "f"
    for content in (b"first", b"", b"second\0\n"):
        write_whole(path, content)
        assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_written_leaves_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "f"
    write_whole(path, b"before")
    (tmp_path / ".f.part").mkdir()
    with pytest.raises(StationError, match="cannot be written: Is a directory"):
        write_whole(path, b"after")
    assert path.read_bytes() == b"before"


def test_the_data_folder_is_made_and_stays_empty(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    require_writable(folder)
    require_writable(folder)
    assert list(folder.iterdir()) == []


def test_many_runs_may_begin_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        for one in [pool.submit(require_writable, tmp_path) for _ in range(64)]:
            one.result()


@pytest.mark.parametrize("name", ["file", "file/below", "x" * 300])
def test_a_data_folder_that_cannot_be_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StationError) as caught:
        require_writable(tmp_path / name)
    assert caught.value.code == "DATA_FOLDER"
    assert name in str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_data_folder_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StationError, match="Permission denied"):
        require_writable(tmp_path)
    tmp_path.chmod(0o700)


def test_one_content_has_one_canonical_form() -> None:
    # RFC 8785, 3.2.2.3 and 3.2.3: shortest numbers, keys sorted by UTF-16 code units.
    assert canonical({"b": 1e21, "a": [1.0, -0.0, "\u20ac\n"]}) == (
        '{"a":[1,0,"\u20ac\\n"],"b":1e+21}'.encode()
    )


def test_the_hash_is_sha_256() -> None:
    # FIPS 180-4, the example of one block.
    assert sha256_hex(b"abc").startswith("ba7816bf8f01cfea414140de5dae2223")
