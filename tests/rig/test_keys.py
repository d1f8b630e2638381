import os
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier

import pytest
import tomli_w
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from ledcal.rig.errors import RefusedInput, StationError
from ledcal.rig.key_file import new_key_file, public_file
from ledcal.rig.keys import (
    ENGINEERING_KEY,
    engineering_key,
    known_public_key,
    read_signing_key,
    signature_holds,
)
from ledcal.rig.settings import SettingsFile
from ledcal.rig.station import Station
from ledcal.rig.station_key import key_of
from ledcal.rig.trust import retire, trust


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def keep(path: Path, content: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(content)
    path.chmod(mode)
    return path


@pytest.mark.parametrize("mask", [0o000, 0o002, 0o022, 0o077])
def test_the_first_use_makes_an_owner_only_key(data_folder: Path, mask: int) -> None:
    with umask(mask):
        key = engineering_key(data_folder)
    path = data_folder / ENGINEERING_KEY
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) & 0o077 == 0
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    again = engineering_key(data_folder)
    assert again.public == key.public
    assert signature_holds(key.public, again.sign(b"message"), b"message")
    assert not signature_holds(key.public, again.sign(b"message"), b"massage")
    assert known_public_key(data_folder) == key.public


def test_a_race_leaves_one_key(data_folder: Path) -> None:
    racers = 8
    start = Barrier(racers)

    def make() -> bytes:
        start.wait()
        return engineering_key(data_folder).public

    with ThreadPoolExecutor(racers) as pool:
        keys = {one.result() for one in [pool.submit(make) for _ in range(racers)]}
    assert keys == {known_public_key(data_folder)}
    assert [one.name for one in (data_folder / "keys").iterdir()] == ["engineering.pem"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666, 0o777])
def test_a_key_that_others_may_read_is_refused(data_folder: Path, mode: int) -> None:
    engineering_key(data_folder)
    (data_folder / ENGINEERING_KEY).chmod(mode)
    with pytest.raises(RefusedInput, match=f"mode {mode:o} lets others read it; chmod 600"):
        engineering_key(data_folder)
    assert known_public_key(data_folder) is None


def test_a_damaged_key_is_refused_and_not_replaced(data_folder: Path) -> None:
    engineering_key(data_folder)
    path = data_folder / ENGINEERING_KEY
    for content in (b"", path.read_bytes()[:60], path.read_bytes().replace(b"M", b"N", 1), b"\0"):
        keep(path, content)
        with pytest.raises(RefusedInput, match=r"engineering\.pem: signing key: "):
            engineering_key(data_folder)
        assert path.read_bytes() == content
        assert known_public_key(data_folder) is None


@pytest.mark.parametrize("content", [b"", b"\xff\0", b"-----BEGIN PRIVATE KEY-----\n"], ids=repr)
def test_what_is_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(RefusedInput, match="not an open PEM private key"):
        read_signing_key(keep(tmp_path / "k.pem", content))


def test_another_kind_of_key_is_refused(tmp_path: Path) -> None:
    rsa = generate_private_key(65537, 2048)
    content = rsa.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(RefusedInput, match="is not an Ed25519 key"):
        read_signing_key(keep(tmp_path / "k.pem", content))


def test_a_kind_of_key_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    """PKCS 8 with an algorithm number (1.3.101.99) that is not given to any."""
    content = (
        b"-----BEGIN PRIVATE KEY-----\n"
        b"MC4CAQAwBQYDK2VjBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n"
        b"-----END PRIVATE KEY-----\n"
    )
    with pytest.raises(RefusedInput, match="not an open PEM private key"):
        read_signing_key(keep(tmp_path / "k.pem", content))


def test_a_locked_key_is_refused(tmp_path: Path) -> None:
    content = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
    )
    with pytest.raises(RefusedInput, match="not an open PEM private key"):
        read_signing_key(keep(tmp_path / "k.pem", content))


def test_a_missing_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedInput, match=r"k\.pem: signing key: No such file"):
        read_signing_key(tmp_path / "k.pem")
    assert known_public_key(tmp_path) is None


def test_a_folder_that_cannot_be_made_is_the_stations_fault(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(StationError) as caught:
        engineering_key(tmp_path / "data")
    assert caught.value.code == "DATA_FOLDER"


@pytest.mark.parametrize(
    ("public", "signature"), [(b"", b""), (bytes(32), bytes(64)), (bytes(31), bytes(64))]
)
def test_what_is_no_key_or_no_signature_does_not_hold(public: bytes, signature: bytes) -> None:
    assert not signature_holds(public, signature, b"message")


def as_prod(station: SettingsFile[Station], **changed: object) -> SettingsFile[Station]:
    said = station.settings.model_copy(
        update={"mode": "PROD", "simulated": False, "signing_key": "prod.toml", **changed}
    )
    return SettingsFile(station.path, station.content, station.sha256, said)


def test_prod_signs_with_the_stations_key_only(
    station: SettingsFile[Station], tmp_path: Path, data_folder: Path
) -> None:
    engineering_key(data_folder)
    prod = as_prod(station)
    with pytest.raises(RefusedInput, match=r"prod\.toml: signing key: No such file"):
        key_of(prod)
    made = new_key_file(tmp_path / "prod.toml", "line 1", "PROD")
    assert key_of(prod).public == made.public
    assert key_of(station).public == known_public_key(data_folder)


def test_an_engineering_key_never_signs_for_prod(
    station: SettingsFile[Station], tmp_path: Path, data_folder: Path
) -> None:
    path = tmp_path / "prod.toml"
    new_key_file(path, "bench", "ENG")
    with pytest.raises(RefusedInput, match="'bench' is for engineering; a PROD station needs"):
        key_of(as_prod(station))
    # Nor one that the data folder knows as such, when its file is changed.
    trust(public_file(path), data_folder)
    path.write_text(path.read_text().replace('"ENG"', '"PROD"'))
    with pytest.raises(RefusedInput, match="'bench' is for engineering"):
        key_of(as_prod(station))
    # Nor does the data folder's own key, whatever a file says of it.
    own = engineering_key(data_folder)
    said = {
        "format": "ledcal-key/1",
        "name": "borrowed",
        "purpose": "PROD",
        "public_key": own.public.hex(),
        "private_key": (data_folder / ENGINEERING_KEY).read_text(),
    }
    keep(tmp_path / "prod.toml", tomli_w.dumps(said).encode())
    with pytest.raises(RefusedInput, match="'borrowed' is for engineering"):
        key_of(as_prod(station))


def test_the_plain_key_of_engineering_is_no_key_file(
    station: SettingsFile[Station], data_folder: Path
) -> None:
    engineering_key(data_folder)
    with pytest.raises(RefusedInput, match="is not valid TOML"):
        key_of(as_prod(station, signing_key=f"data/{ENGINEERING_KEY}"))


def test_a_retired_key_signs_nothing_more(
    station: SettingsFile[Station], tmp_path: Path, data_folder: Path
) -> None:
    key = new_key_file(tmp_path / "prod.toml", "line 1", "PROD")
    trust(tmp_path / "prod.toml.pub", data_folder)
    assert key_of(as_prod(station)).public == key.public
    retire(key.key_id.hex(), data_folder)
    with pytest.raises(RefusedInput, match=r"retired since .* sign with another key"):
        key_of(as_prod(station))


def test_a_token_that_does_not_answer_is_found_before_light(
    station: SettingsFile[Station], tmp_path: Path
) -> None:
    said = {
        "format": "ledcal-key/1",
        "name": "token",
        "purpose": "PROD",
        "public_key": "00" * 32,
        "command": ["false"],
    }
    keep(tmp_path / "prod.toml", tomli_w.dumps(said).encode())
    with pytest.raises(StationError, match="'false': ended with 1"):
        key_of(as_prod(station))


def test_with_signing_after_review_no_production_key_is_needed(
    station: SettingsFile[Station], data_folder: Path
) -> None:
    key = key_of(as_prod(station, signing_key=None, signing="after review"))
    assert key.public == known_public_key(data_folder)
    assert key.purpose == "ENG"
