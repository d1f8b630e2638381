"""The loader compiled as strictly as it can be, and run under the sanitizers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.loader.toolchain import (
    LOADER,
    SANITIZED,
    SLOTS,
    STRICT,
    VECTORS,
    answers,
    board_command,
    build_host,
    run,
)

Proves = Callable[[str, int], None]


@pytest.mark.parametrize("level", ["-Os", "-O2"])
@pytest.mark.parametrize("source", [LOADER, SLOTS], ids=lambda path: path.name)
def test_compiles_without_a_warning(source: Path, level: str, tmp_path: Path) -> None:
    run("gcc", *STRICT, "-fanalyzer", level, "-c", source, "-o", tmp_path / "object.o")


def test_judges_every_vector_and_edge_under_the_sanitizers(
    host: Path, thorough: tuple[list[str], list[str]], proves: Proves
) -> None:
    commands, expected = thorough
    assert answers([host], commands) == expected
    proves("vectors under ASan and UBSan", len(expected))


def test_reads_no_byte_outside_a_damaged_file(host: Path, vectors: dict[str, Any]) -> None:
    board = board_command(vectors["board"], bytes.fromhex(vectors["public_key"]))
    said = answers([host], [board, "signature 1", f"open {VECTORS / 'small.ledcal'}", "sweep"])
    assert said[0] == "OK"
    # free fields such as the serial's letters may take another value once signature is no guard
    assert 0 < int(said[1]) < 8 * 244


def test_a_dead_crc_unit_passes_no_file(
    vectors: dict[str, Any], tmp_path: Path, proves: Proves
) -> None:
    """The CRC stored in the file is the one that the dead unit gives."""
    small = (VECTORS / "small.ledcal").read_bytes()
    board = board_command(vectors["board"], bytes.fromhex(vectors["public_key"]))
    for stuck_at in (0, 0xFFFF_FFFF):
        dead = build_host(
            tmp_path / f"dead_{stuck_at}",
            *(*STRICT, *SANITIZED, "-DLEDCAL_CRC32=dead_crc", f"-DSTUCK_AT={stuck_at}u"),
        )
        file = tmp_path / f"crc_{stuck_at}"
        file.write_bytes(small[:-68] + stuck_at.to_bytes(4, "little") + small[-64:])
        assert answers([dead], [board, "signature 1", f"open {file}"]) == ["CRC"]
    proves("dead CRC unit", 2)
