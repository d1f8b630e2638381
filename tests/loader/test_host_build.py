"""The loader compiled as strictly as it can be, and run under the sanitizers."""

import subprocess
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import pytest

from ledcal.calibration import codec

HERE = Path(__file__).parent
VECTORS = HERE.parent / "vectors"
STRICT = (
    "-std=c99 -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Werror".split()
)
SANITIZED = "-g -fsanitize=address,undefined -fno-sanitize-recover=all".split()


def gcc(*arguments: str | Path) -> None:
    done = subprocess.run(["gcc", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def firmware() -> Any:
    with as_file(files("ledcal.calibration.firmware")) as folder:
        yield folder


def build(firmware: Path, program: Path, *options: str) -> Path:
    sources = (HERE / "vector_host.c", firmware / "ledcal_load.c")
    gcc(*STRICT, *SANITIZED, *options, "-I", firmware, *sources, "-o", program)
    return program


@pytest.fixture(scope="module")
def host(firmware: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(firmware, tmp_path_factory.mktemp("host") / "vector_host")


def run(program: Path, commands: list[str]) -> list[str]:
    done = subprocess.run(
        [program], input="\n".join(commands) + "\n", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def board_command(board: dict[str, Any], public_key: str, in_use: str) -> str:
    key = codec.key_id(bytes.fromhex(public_key)).hex()
    fields = (
        "uid product_code hardware_revision drive_epoch distance_mm geometry_id n_channels"
        " highest_sequence on_hours allowed_flags"
    ).split()
    return " ".join(["board", *(str(board[field]) for field in fields), key, in_use])


@pytest.mark.parametrize("level", ["-Os", "-O2"])
def test_compiles_without_a_warning(firmware: Path, level: str, tmp_path: Path) -> None:
    gcc(*STRICT, "-fanalyzer", level, "-c", firmware / "ledcal_load.c", "-o", tmp_path / "load.o")


def test_judges_every_vector_under_the_sanitizers(
    host: Path, vectors: dict[str, Any], tmp_path: Path
) -> None:
    commands, expected = [], []
    for number, case in enumerate(vectors["cases"]):
        in_use = "-"
        if case["board"]["file_in_use"] is not None:
            in_use = str(tmp_path / f"{number}-in-use")
            Path(in_use).write_bytes(case["board"]["file_in_use"])
        path = tmp_path / str(number)
        path.write_bytes(case["file"])
        commands += [
            board_command(case["board"], vectors["public_key"], in_use),
            f"signature {int(case['error'] != 'SIGNATURE')}",
            f"open {path}",
        ]
        expected.append(case["error"])
        for channel, irradiance, temperature, answer in case.get("look_up", []):
            commands.append(f"drive {channel} {irradiance} {temperature}")
            expected.append(str(answer))
    assert run(host, commands) == expected


def test_reads_no_byte_outside_a_damaged_file(host: Path, vectors: dict[str, Any]) -> None:
    board = board_command(vectors["board"], vectors["public_key"], "-")
    answers = run(host, [board, "signature 1", f"open {VECTORS / 'small.ledcal'}", "sweep"])
    assert answers[0] == "OK"
    # free fields such as the serial's letters may take another value once signature is no guard
    assert 0 < int(answers[1]) < 8 * 244


def test_a_dead_crc_unit_passes_no_file(
    firmware: Path, vectors: dict[str, Any], tmp_path: Path
) -> None:
    """The CRC stored in the file is the 0 that the dead unit gives."""
    dead = build(firmware, tmp_path / "dead_crc", "-DLEDCAL_CRC32=dead_crc")
    small = (VECTORS / "small.ledcal").read_bytes()
    file = tmp_path / "zero_crc"
    file.write_bytes(small[:-68] + bytes(4) + small[-64:])
    board = board_command(vectors["board"], vectors["public_key"], "-")
    assert run(dead, [board, "signature 1", f"open {file}"]) == ["CRC"]
