"""The rig and the virtual panel judge calibration files by the C code only."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.loader.toolchain import HERE

ROOT = HERE.parents[1]
JUDGED = sorted((ROOT / "rig").glob("*.py")) + sorted(
    (ROOT / "instruments" / "virtual").glob("*.py")
)
READS_BYTES = {
    "vxi11.py": "remote procedure calls",
    "world.py": "draws by the digest of a serial",
    "rebuild.py": "names the error of what does not fit into a file",
}
"""Files that may read numbers from bytes, none of them a calibration file's, and why."""
# Makes files, and reads them for people; what it refuses is no judgement that a panel is given.
CODEC = {"decode", "encode", "key_id", "unsigned_bytes", "SIGNATURE_LENGTH"}


def imported(path: Path) -> Iterator[tuple[str, str]]:
    """Each module that a file imports, with the name that it takes from it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((str(node.module), alias.name) for alias in node.names)


@pytest.mark.parametrize("path", JUDGED, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_there_is_no_second_decoder(path: Path) -> None:
    names = set(imported(path))
    assert not {name for module, name in names if module == "ledcal.calibration.codec"} - CODEC
    assert ("ledcal.calibration.lookup", "lookup") not in names
    read = {
        node.attr
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
    } & {"from_bytes", "unpack", "unpack_from"}
    if path.name not in READS_BYTES:
        assert not read
        assert "struct" not in {module for module, _ in names}


def test_every_judgement_is_the_c_loaders() -> None:
    users = {
        path.name
        for path in JUDGED
        for module, name in imported(path)
        if (module, name)
        in {
            ("ledcal.calibration.firmware", "open_file"),
            ("ledcal.rig.firmware_view", "open_on_its_board"),
        }
    }
    assert users == {
        "firmware_view.py", "inspect_file.py", "issue.py", "panel_firmware.py", "release.py",
        "verify.py",
    }  # fmt: skip
