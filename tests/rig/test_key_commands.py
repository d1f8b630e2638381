import json
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ledcal.rig.cli import app
from ledcal.rig.closing import PANEL_FILE, SEAL, close_run
from ledcal.rig.key_file import read_key_file
from ledcal.rig.keys import SigningKey, new_private_pem
from ledcal.rig.log_book import LOG_PROOF
from ledcal.rig.store.opened import STORE


def ledcal(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(app, [str(one) for one in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LEDCAL_DATA", raising=False)


def test_a_key_is_made_trusted_listed_and_retired(data_folder: Path, key: SigningKey) -> None:
    made = ledcal("key", "new", "line 1", "--purpose", "PROD", "--output", "line.toml")
    assert made.exit_code == 0
    key_id = read_key_file(Path("line.toml")).key_id.hex()
    assert f"key {key_id} for PROD: line.toml" in made.stdout
    assert "PRIVATE" not in made.stdout
    assert ledcal("key", "trust", "line.toml.pub", "--data", data_folder).exit_code == 0
    said = json.loads(ledcal("key", "list", "--data", data_folder, "--json").stdout)["keys"]
    assert [(one["key_id"], one["own"], one["retired"]) for one in said] == [
        (key.key_id.hex(), True, None),
        (key_id, False, None),
    ]
    retired = ledcal("key", "retire", key_id, "--data", data_folder)
    assert "retired since" in retired.stdout
    listed = ledcal("key", "list", "--data", data_folder).stdout
    assert "engineering (its own)" in listed
    assert "line 1" in listed
    assert "retired since" in listed
    assert ledcal("key", "list", "--data", "elsewhere").stdout.startswith("no key is known")


def test_a_signing_program_is_asked_before_its_key_file_is_made() -> None:
    _, public = new_private_pem()
    command = f"{sys.executable} -c 'raise SystemExit(3)'"
    done = ledcal(
        *("key", "new", "token", "--purpose", "PROD", "--output", "k.toml"),
        *("--command", command, "--public-key", public.hex()),
    )
    assert done.exit_code == 4
    assert "ended with 3" in done.stderr
    assert not Path("k.toml").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("new", "k", "--purpose", "TEST", "--output", "k.toml"),
        ("new", "k", "--purpose", "ENG"),
        ("new", "k", "--purpose", "ENG", "--output", "k.toml", "--command", "true"),
        ("new", "k", "--purpose", "ENG", "--output", "k.toml", "--public-key", "00" * 32),
        (
            *("new", "k", "--purpose", "ENG", "--output", "k.toml"),
            *("--command", "'", "--public-key", "00" * 32),
        ),
        (
            *("new", "k", "--purpose", "ENG", "--output", "k.toml"),
            *("--command", "", "--public-key", "00" * 32),
        ),
        ("new", "\n", "--purpose", "ENG", "--output", "k.toml"),
        ("new", "k", "--purpose", "ENG", "--output", "."),
        ("trust", "absent.pub"),
        ("trust", "."),
        ("retire", "0011223344556677"),
        ("nonsense",),
    ],
    ids=lambda arguments: ascii(" ".join(arguments))[:60],
)
def test_refused_input_ends_with_2_and_leaves_nothing(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    done = ledcal("key", *arguments)
    assert done.exit_code == 2
    assert done.stderr
    assert list(tmp_path.iterdir()) == []


def test_verify_and_inspect_say_whose_key_it_is(
    make_run: Callable[..., Path], data_folder: Path, tmp_path: Path
) -> None:
    run = make_run()
    ledcal("key", "new", "line 1", "--purpose", "PROD", "--output", "line.toml")
    line = read_key_file(Path("line.toml"))
    # The run as a station with that key would have left it.
    file = (run / PANEL_FILE).read_bytes()
    unsigned = file[:88] + line.key_id + file[96:-68]
    unsigned += zlib.crc32(unsigned).to_bytes(4, "little")
    (run / PANEL_FILE).write_bytes(unsigned + line.sign(unsigned))
    for path in (run / SEAL, run / LOG_PROOF, *data_folder.glob(f"{STORE}*")):
        path.unlink()
    close_run(run, line)

    def told() -> tuple[str, str]:
        verified = ledcal("verify", run, "--data", data_folder)
        assert verified.exit_code == 0, verified.output
        inspected = ledcal("inspect", run / PANEL_FILE, "--data", data_folder)
        assert inspected.exit_code == 0, inspected.output
        return verified.stdout, inspected.stdout

    verified, inspected = told()
    assert f"key {line.key_id.hex()} (not known here: compare its id)" in verified
    assert "signature not checked: key" in inspected
    ledcal("key", "trust", "line.toml.pub", "--data", data_folder)
    verified, inspected = told()
    assert "(trusted here: line 1, PROD)" in verified
    assert "trusted here: line 1, PROD, signature valid" in inspected
    ledcal("key", "retire", line.key_id.hex(), "--data", data_folder)
    verified, inspected = told()
    assert "line 1, PROD, retired since" in verified
    assert "retired since" in inspected
    said = json.loads(ledcal("verify", run, "--data", data_folder, "--json").stdout)["paths"][0]
    assert said["key_known"]
    assert said["key"]["retired"]
