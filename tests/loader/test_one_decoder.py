"""The rig and the virtual panel judge calibration files by the C code only."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.loader.toolchain import HERE

ROOT = HERE.parents[1]
RIG = sorted((ROOT / "rig").glob("*.py"))
VIRTUAL = sorted((ROOT / "instruments" / "virtual").glob("*.py"))
# The panel's side of the bench; other instruments have binary messages of their own.
PANEL = [path for path in VIRTUAL if path.name.startswith(("panel", "firmware"))]
READS_BYTES = {
    "archive_file.py": "names the error of a damaged ZIP file",
    "clock_state.py": "reads what Linux tells of the clock",
    "rebuild.py": "names the error of what does not fit into a file",
    "upload_bundle.py": "names the error of a damaged ZIP file",
}
"""Files that name `struct` without reading a calibration file, and why."""
# Makes files, and reads them for people; what it refuses is no judgement that a panel is given.
CODEC = {"decode", "encode", "key_id", "unsigned_bytes", "SIGNATURE_LENGTH"}


def imported(path: Path) -> Iterator[tuple[str, str]]:
    """Each module that a file imports, with the name that it takes from it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((str(node.module), alias.name) for alias in node.names)


@pytest.mark.parametrize("path", RIG + PANEL, ids=lambda path: f"{path.parent.name}/{path.name}")
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


def test_only_the_panel_has_calibration_files() -> None:
    users = {
        path.name
        for path in VIRTUAL
        if any(module.startswith("ledcal.calibration") for module, _ in imported(path))
    }
    assert "panel_firmware.py" in users
    assert users <= {path.name for path in PANEL}


def test_every_judgement_is_the_c_loaders() -> None:
    by_c = {
        ("ledcal.calibration.firmware", "open_file"),
        ("ledcal.rig.firmware_view", "open_on_its_board"),
    }
    users = {path.name for path in RIG + PANEL if by_c & set(imported(path))}
    assert users >= {
        *("firmware_view.py", "inspect_file.py", "issue.py", "release.py", "verify.py"),
        "panel_firmware.py",
    }
