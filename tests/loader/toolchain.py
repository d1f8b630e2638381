"""The compilers and emulators that the loader is tried with, and the program that tries it."""

import functools
import os
import subprocess
import tarfile
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from ledcal.calibration import codec

HERE: Final = Path(__file__).parent
FIRMWARE: Final = HERE.parents[1] / "calibration" / "firmware"
VECTORS: Final = HERE.parent / "vectors"
LOADER: Final = FIRMWARE / "ledcal_load.c"
SLOTS: Final = FIRMWARE / "ledcal_slots.c"
HOST: Final = (HERE / "vector_host.c", HERE / "slot_cuts.c", SLOTS)
STRICT: Final = (
    "-std=c99 -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Werror".split()
)
SANITIZED: Final = "-g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all".split()


def run(
    *command: str | Path,
    stdin: str = "",
    timeout_s: float = 300.0,
    environment: Mapping[str, str] | None = None,
) -> str:
    """Run a command to its end and return what it printed.

    Raises:
        AssertionError: It failed; the text is what it said.
        subprocess.TimeoutExpired: It did not end.
    """
    done = subprocess.run(
        command,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, f"{command[0]}: {done.stdout}{done.stderr}"
    return done.stdout


def build_host(program: Path, *options: str, compiler: str = "gcc", loader: Path = LOADER) -> Path:
    """Compile the program that runs the loader from commands on standard input."""
    run(compiler, *options, "-I", FIRMWARE, "-I", HERE, *HOST, loader, "-o", program)
    return program


def board_command(board: Mapping[str, Any], public_key: bytes, in_use: str = "-") -> str:
    """Return the line that tells the program what the board knows about itself."""
    fields = (
        "uid product_code hardware_revision drive_epoch distance_mm geometry_id n_channels"
        " highest_sequence on_hours allowed_flags"
    ).split()
    key_id = codec.key_id(public_key).hex()
    return " ".join(["board", *(str(board[field]) for field in fields), key_id, in_use])


def answers(program: Iterable[str | Path], commands: Iterable[str], **options: Any) -> list[str]:
    """Run the commands and return one answer a line. `program` may be an emulator's command."""
    return run(*program, stdin="\n".join(commands) + "\n", **options).splitlines()


@functools.cache
def monocypher() -> Path | None:
    """Return the folder of Monocypher's source, None when it is not at hand.

    tox downloads PyPI's source archive of pymonocypher; LEDCAL_MONOCYPHER names its folder.
    """
    archives = sorted(Path(os.environ.get("LEDCAL_MONOCYPHER", ".none")).glob("*.tar.gz"))
    if not archives:
        return None
    folder = Path(tempfile.mkdtemp(prefix="monocypher-"))
    with tarfile.open(archives[-1]) as archive:
        for member in archive.getmembers():
            if Path(member.name).name in {"monocypher.c", "monocypher.h"}:
                content = archive.extractfile(member)
                assert content is not None
                (folder / Path(member.name).name).write_bytes(content.read())
    return folder
