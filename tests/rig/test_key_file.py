import os
import stat
import sys
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledcal.rig import key_file
from ledcal.rig.errors import RefusedInput, StationError
from ledcal.rig.key_file import (
    PublicKeySettings,
    new_command_key_file,
    new_key_file,
    prove,
    public_file,
    read_key_file,
)
from ledcal.rig.keys import Purpose, new_private_pem, signature_holds
from ledcal.rig.settings import read_settings

TOKEN = """
import sys
from pathlib import Path
from cryptography.hazmat.primitives.serialization import load_pem_private_key
key = load_pem_private_key(Path("token.pem").read_bytes(), None)
Path("asked").write_text(str(len(sys.argv)))
sys.stdout.buffer.write(key.sign(sys.stdin.buffer.read()))
"""


@pytest.fixture
def token(tmp_path: Path) -> tuple[list[str], str]:
    """A signing program beside the key file, with its public key."""
    pem, public = new_private_pem()
    (tmp_path / "token.pem").write_bytes(pem)
    (tmp_path / "soft_token.py").write_text(TOKEN)
    return [sys.executable, "soft_token.py", "--slot", "1"], public.hex()


def written(tmp_path: Path, **changed: Any) -> Path:
    """A key file with some of its keys changed or, with None, left out."""
    pem, public = new_private_pem()
    said = {
        "format": "ledcal-key/1",
        "name": "line 1",
        "purpose": "PROD",
        "public_key": public.hex(),
        "private_key": pem.decode(),
        **changed,
    }
    path = tmp_path / "written.toml"
    path.write_text(tomli_w.dumps({k: v for k, v in said.items() if v is not None}))
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("purpose", ["PROD", "ENG"])
def test_a_new_key_signs_and_its_public_half_is_for_everybody(
    tmp_path: Path, purpose: Purpose
) -> None:
    path = tmp_path / "line 1.toml"
    made = new_key_file(path, "line 1", purpose)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    key = read_key_file(path)
    assert (key.public, key.name, key.purpose) == (made.public, "line 1", purpose)
    assert signature_holds(key.public, key.sign(b"message"), b"message")
    said = read_settings(public_file(path), PublicKeySettings).settings
    assert said.public_key == key.public.hex()
    assert said.key_id == key.key_id.hex()
    assert said.purpose == purpose
    assert "PRIVATE" not in public_file(path).read_text()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["line 1.toml", "line 1.toml.pub"]


def test_no_key_is_left_whose_public_half_could_not_be_written(tmp_path: Path) -> None:
    """The disk was full: the same command must work once it is not."""
    in_the_way = tmp_path / ".k.toml.pub.part"
    in_the_way.mkdir()
    with pytest.raises(StationError, match=r"k\.toml\.pub: cannot be written"):
        new_key_file(tmp_path / "k.toml", "line 1", "ENG")
    in_the_way.rmdir()
    assert new_key_file(tmp_path / "k.toml", "line 1", "ENG").purpose == "ENG"


@pytest.mark.parametrize("there", ["k.toml", "k.toml.pub"])
def test_a_key_file_is_never_written_over(tmp_path: Path, there: str) -> None:
    (tmp_path / there).write_text("precious")
    with pytest.raises(RefusedInput, match="is there already"):
        new_key_file(tmp_path / "k.toml", "k", "ENG")
    assert [one.name for one in tmp_path.iterdir()] == [there]
    assert (tmp_path / there).read_text() == "precious"


@pytest.mark.parametrize("name", ["", "a\nb", "\x1b[31m", "x" * 201])
def test_a_name_that_no_file_may_have_leaves_nothing(tmp_path: Path, name: str) -> None:
    with pytest.raises(RefusedInput, match="name: "):
        new_key_file(tmp_path / "k.toml", name, "ENG")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(StationError, match="cannot be written: No such file"):
        new_key_file(tmp_path / "absent" / "k.toml", "k", "ENG")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_key_file_that_others_may_open_is_refused(tmp_path: Path, mode: int) -> None:
    path = written(tmp_path)
    path.chmod(mode)
    with pytest.raises(RefusedInput, match=f"mode {mode:o} lets others read it; chmod 600"):
        read_key_file(path)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"format": "ledcal-key/2"}, "format: "),
        ({"format": None}, "format: is missing"),
        ({"name": None}, "name: is missing"),
        ({"purpose": "TEST"}, "purpose: Input should be 'PROD', 'ENG' or 'RELEASE'"),
        ({"public_key": "00"}, "public_key: "),
        ({"public_key": "AA" * 32}, "public_key: "),
        ({"public_key": "00" * 32}, "public_key: is not that of private_key"),
        ({"private_key": None}, "either private_key or command"),
        ({"command": ["sign"]}, "either private_key or command"),
        ({"private_key": None, "command": []}, "command: "),
        ({"private_key": "AAAA"}, "not an open PEM private key"),
        ({"more": 1}, "more: unknown key"),
    ],
)
def test_a_refused_key_file_names_the_key(
    tmp_path: Path, changed: dict[str, Any], words: str
) -> None:
    path = written(tmp_path, **changed)
    with pytest.raises(RefusedInput) as caught:
        read_key_file(path)
    assert words in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("where", ["private_key", "public_key", "name", "command", "format"])
def test_no_refusal_quotes_a_private_key(tmp_path: Path, where: str) -> None:
    pem, _ = new_private_pem()
    secret = pem.decode()
    value: object = [secret] if where == "private_key" else secret
    with pytest.raises(RefusedInput) as caught:
        read_key_file(written(tmp_path, **{where: value}))
    body = secret.split("\n")[1]
    assert not any(body[at : at + 8] in str(caught.value) for at in range(len(body) - 8))


def test_a_program_signs_in_the_key_files_folder(
    tmp_path: Path, token: tuple[list[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "k.toml"
    new_command_key_file(path, "token 7", "PROD", *token)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    key = read_key_file(path)
    assert "PRIVATE" not in path.read_text()
    for message in (b"", b"message", b"\n" * 2000):
        assert signature_holds(key.public, key.sign(message), message)
    assert (tmp_path / "asked").read_text() == "3"


def test_a_program_that_signs_for_another_key_makes_no_key_file(
    tmp_path: Path, token: tuple[list[str], str]
) -> None:
    other = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    with pytest.raises(StationError, match="no signature by this key; check which key"):
        new_command_key_file(tmp_path / "k.toml", "k", "PROD", token[0], other.hex())
    assert not (tmp_path / "k.toml").exists()


@pytest.mark.parametrize("public_key", ["", "00", "zz" * 32, "AA" * 32, "00" * 33])
def test_a_public_key_is_64_digits(
    tmp_path: Path, token: tuple[list[str], str], public_key: str
) -> None:
    with pytest.raises(RefusedInput, match="is not 64 hex digits"):
        new_command_key_file(tmp_path / "k.toml", "k", "PROD", token[0], public_key)


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("pass", "wrote 0 bytes; a raw Ed25519 signature has 64"),
        ("print('00' * 64)", "wrote 129 bytes"),
        ("import sys; sys.stdout.buffer.write(bytes(64))", "no signature by this key"),
        ("raise SystemExit('no token in slot 1')", "ended with 1: no token in slot 1"),
        ("raise SystemExit(7)", "ended with 7: no words"),
        ("import os; os.kill(os.getpid(), 9)", "ended with -9"),
    ],
)
def test_an_answer_that_is_no_signature_is_never_used(
    tmp_path: Path, program: str, words: str
) -> None:
    path = written(tmp_path, private_key=None, command=[sys.executable, "-c", program])
    with pytest.raises(StationError) as caught:
        prove(read_key_file(path))
    assert caught.value.code == "SIGNING"
    assert words in str(caught.value)


def test_a_program_that_is_not_there_is_said(tmp_path: Path) -> None:
    path = written(tmp_path, private_key=None, command=["./absent", "1"])
    with pytest.raises(StationError, match=r"signing program '\./absent': cannot be started"):
        prove(read_key_file(path))


def test_a_program_has_a_time_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_file, "COMMAND_LIMIT_S", 0.2)
    fifo = tmp_path / "never"
    os.mkfifo(fifo)
    path = written(tmp_path, private_key=None, command=["cat", str(fifo)])
    with pytest.raises(StationError, match="gave no signature in 0 s; look at the token"):
        prove(read_key_file(path))


def test_a_public_file_has_the_id_of_its_key(tmp_path: Path) -> None:
    path = tmp_path / "k.toml"
    new_key_file(path, "k", "ENG")
    text = public_file(path).read_text()
    (tmp_path / "wrong.pub").write_text(
        "\n".join('key_id = "0000000000000000"' if "key_id" in x else x for x in text.split("\n"))
    )
    with pytest.raises(RefusedInput, match=r"key_id: .*the public_key has the id"):
        read_settings(tmp_path / "wrong.pub", PublicKeySettings)
