import json
from pathlib import Path
from typing import Any

import pytest

from ledcal.calibration.firmware import (
    LoaderError,
    open_file,
    round_irradiance,
    round_temperature,
)
from ledcal.calibration.record import PanelIdentity
from ledcal.rig.closing import PANEL_FILE
from ledcal.rig.errors import RefusedInput
from ledcal.rig.inspect_file import inspect_file, print_inspection
from ledcal.rig.keys import ENGINEERING_KEY, SigningKey
from tests.rig.conftest import board

VECTORS = Path(__file__).parents[1] / "vectors"
CASES = json.loads((VECTORS / "index.json").read_text())["cases"]
# Without a board and its keys these files are readable.
_NEEDS_A_BOARD = {
    "OK",
    "SIGNATURE",
    "UID",
    "PRODUCT",
    "EPOCH",
    "GEOMETRY",
    "BOARD",
    "SEQ",
    "HOURS",
    "KEY",
}


@pytest.fixture
def file(sealed_run: Path) -> Path:
    return sealed_run / PANEL_FILE


def test_a_file_is_shown_with_its_signature(
    file: Path, data_folder: Path, key: SigningKey, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = inspect_file(file, None, data_folder)
    assert (seen.signature, seen.key_id) == ("valid", key.key_id.hex())
    print_inspection(seen, as_json=False)
    shown = capsys.readouterr().out
    assert "calibration of panel TEST-0001" in shown
    assert "SIMULATED BENCH" in shown
    print_inspection(seen, as_json=True)
    said = json.loads(capsys.readouterr().out)
    assert said["file"]["serial"] == "TEST-0001"
    assert said["file"]["channels"][0]["irradiance"] == [2_000, 9_000, 16_000]
    assert "lookup" not in said


def test_an_unknown_key_is_not_called_valid(file: Path, data_folder: Path) -> None:
    (data_folder / ENGINEERING_KEY).unlink()
    seen = inspect_file(file, (1, 90.0, 40.0), data_folder)
    assert seen.signature.startswith("not checked: key ")
    assert seen.drive_code == 35_000


def test_a_forged_signature_is_refused(file: Path, data_folder: Path) -> None:
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(RefusedInput) as caught:
        inspect_file(file, None, data_folder)
    assert caught.value.code == "SIGNATURE"


@pytest.mark.parametrize("irradiance_w_m2", [0.0, 20.0, 33.333, 90.0, 123.99, 124.0, 124.01, 19.9])
@pytest.mark.parametrize("board_degc", [14.9, 15.0, 40.0, 60.0, 60.1])
def test_a_request_is_served_as_the_firmware_serves_it(
    file: Path,
    data_folder: Path,
    identity: PanelIdentity,
    key: SigningKey,
    irradiance_w_m2: float,
    board_degc: float,
) -> None:
    loaded = open_file(file.read_bytes(), board(identity, key.public))
    try:
        expected: int | str = loaded.drive(
            1, round_irradiance(irradiance_w_m2), round_temperature(board_degc)
        )
    except LoaderError as error:
        expected = error.name
    request = (1, irradiance_w_m2, board_degc)
    if isinstance(expected, int):
        assert inspect_file(file, request, data_folder).drive_code == expected
    else:
        with pytest.raises(RefusedInput) as caught:
            inspect_file(file, request, data_folder)
        assert caught.value.code == expected


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ((0, 60.0, 40.0), "CHANNEL"),
        ((2, 60.0, 40.0), "CHANNEL"),
        ((-1, 60.0, 40.0), "CHANNEL"),
        ((1, float("nan"), 40.0), "REQUEST"),
        ((1, float("inf"), 40.0), "REQUEST"),
        ((1, 60.0, float("nan")), "REQUEST"),
        ((1, 60.0, -float("inf")), "REQUEST"),
        ((1, -1.0, 40.0), None),
        ((1, 1e300, 40.0), None),
        ((1, 60.0, 1e300), None),
    ],
)
def test_an_impossible_request_is_refused(
    file: Path, data_folder: Path, request_: tuple[int, float, float], code: str | None
) -> None:
    with pytest.raises(RefusedInput) as caught:
        inspect_file(file, request_, data_folder)
    assert code is None or caught.value.code == code


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_refused_vector_has_the_loaders_name(case: dict[str, Any], data_folder: Path) -> None:
    path = VECTORS / f"{case['file']}.ledcal"
    if case["error"] in _NEEDS_A_BOARD or case["name"] == "simulated":
        inspect_file(path, None, data_folder)
        return
    with pytest.raises(RefusedInput) as caught:
        inspect_file(path, None, data_folder)
    assert caught.value.code == case["error"]
    assert str(path) in str(caught.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedInput, match="cannot be read: No such file"):
        inspect_file(tmp_path / "panel.ledcal", None, tmp_path)
