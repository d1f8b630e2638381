from datetime import UTC, datetime
from pathlib import Path

import pytest

from ledcal.rig.errors import RefusedInput, StationError
from ledcal.rig.key_file import new_key_file, public_file
from ledcal.rig.keys import SigningKey, engineering_key
from ledcal.rig.trust import TRUSTED, known_key, known_keys, require_in_use, retire, trust


@pytest.fixture
def line_key(tmp_path: Path) -> SigningKey:
    return new_key_file(tmp_path / "line.toml", "line 1", "PROD")


@pytest.fixture
def public(tmp_path: Path, line_key: SigningKey) -> Path:
    return public_file(tmp_path / "line.toml")


def test_an_empty_folder_knows_no_key(data_folder: Path) -> None:
    assert known_keys(data_folder) == []
    assert known_key(data_folder, "00" * 8) is None


def test_the_folders_own_key_is_known(data_folder: Path) -> None:
    own = engineering_key(data_folder)
    (known,) = known_keys(data_folder)
    assert (known.public, known.purpose, known.own) == (own.public, "ENG", True)
    assert known_key(data_folder, own.key_id.hex()) == known
    assert known.words == "this data folder's"
    require_in_use(own.public, data_folder)


def test_a_trusted_key_is_known_by_name(
    data_folder: Path, line_key: SigningKey, public: Path
) -> None:
    require_in_use(line_key.public, data_folder)
    trust(public, data_folder)
    assert trust(public, data_folder) == known_key(data_folder, line_key.key_id.hex())
    (known,) = known_keys(data_folder)
    assert known.public == line_key.public
    assert known.words == "trusted here: line 1, PROD"
    assert [one.name for one in (data_folder / TRUSTED).iterdir()] == [
        f"{line_key.key_id.hex()}.toml"
    ]
    require_in_use(line_key.public, data_folder)


def test_a_retired_key_stays_known_and_stays_retired(
    data_folder: Path, line_key: SigningKey, public: Path
) -> None:
    trust(public, data_folder)
    before = datetime.now(UTC).replace(microsecond=0)
    known = retire(line_key.key_id.hex(), data_folder)
    assert known.retired is not None
    assert before <= known.retired <= datetime.now(UTC)
    assert "line 1, PROD, retired since 20" in known.words
    assert known_keys(data_folder) == [known]
    assert retire(line_key.key_id.hex(), data_folder) == known
    with pytest.raises(RefusedInput, match="is retired since"):
        trust(public, data_folder)
    with pytest.raises(RefusedInput, match="sign with another key"):
        require_in_use(line_key.public, data_folder)


@pytest.mark.parametrize("key_id", ["", "00" * 8, "../engineering", "zz" * 8, "0" * 15])
def test_what_is_not_trusted_cannot_be_retired(data_folder: Path, key_id: str) -> None:
    with pytest.raises(RefusedInput, match="is none of those trusted here: there is none"):
        retire(key_id, data_folder)


def test_the_folders_own_key_is_not_retired(data_folder: Path) -> None:
    own = engineering_key(data_folder)
    with pytest.raises(RefusedInput, match="is none of those trusted here"):
        retire(own.key_id.hex(), data_folder)


def test_a_file_under_another_id_is_refused(
    data_folder: Path, line_key: SigningKey, public: Path
) -> None:
    trust(public, data_folder)
    path = data_folder / TRUSTED / f"{line_key.key_id.hex()}.toml"
    path.rename(path.with_name("0011223344556677.toml"))
    with pytest.raises(RefusedInput, match=r"holds key .*; a key's file has its id"):
        known_key(data_folder, "0011223344556677")


def test_a_damaged_trusted_key_is_named(
    data_folder: Path, line_key: SigningKey, public: Path
) -> None:
    trust(public, data_folder)
    path = data_folder / TRUSTED / f"{line_key.key_id.hex()}.toml"
    path.write_text(path.read_text().replace("public_key", "key"))
    with pytest.raises(RefusedInput, match=path.name):
        known_key(data_folder, line_key.key_id.hex())
    with pytest.raises(RefusedInput, match=path.name):
        known_keys(data_folder)


def test_a_private_key_file_is_not_trusted(
    data_folder: Path, tmp_path: Path, line_key: SigningKey
) -> None:
    with pytest.raises(RefusedInput) as caught:
        trust(tmp_path / "line.toml", data_folder)
    assert "format: 'ledcal-key/1'" in str(caught.value)
    assert "PRIVATE KEY" not in str(caught.value)
    assert not (data_folder / TRUSTED).exists()


def test_a_folder_that_cannot_be_made_is_the_stations_fault(tmp_path: Path, public: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(StationError):
        trust(public, tmp_path / "data")
