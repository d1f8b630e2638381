"""One small file with the board that accepts it, and the two judges: C loader and Python codec."""

import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from ledcal.calibration import codec
from ledcal.calibration.errors import FileError
from ledcal.calibration.firmware import ERROR_NAMES, Expectation, LoaderError, open_file
from ledcal.calibration.firmware.loader import LAST_ERROR
from ledcal.calibration.panel_calibration import ChannelTable, PanelCalibration
from tests.loader.edges import edges
from tests.loader.slot_dialogue import SlotDialogue, slot_dialogue
from tests.loader.toolchain import SANITIZED, STRICT, VECTORS, board_command, build_host

KEY: Final = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC_KEY: Final = KEY.public_key().public_bytes_raw()


def verify(public_key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


@pytest.fixture(scope="session")
def public_key() -> bytes:
    return PUBLIC_KEY


@pytest.fixture(scope="session")
def sign() -> Callable[[PanelCalibration], bytes]:
    """Make a calibration into a file, signed with the trusted key."""
    return lambda calibration: codec.encode(
        calibration, key_id=codec.key_id(PUBLIC_KEY), sign=KEY.sign
    )


@pytest.fixture(scope="session")
def seal() -> Callable[[bytes], bytes]:
    """Make CRC and signature of a changed file good again."""

    def sealed(file: bytes) -> bytes:
        message = file[:-68] + struct.pack("<I", zlib.crc32(file[:-68]))
        return message + KEY.sign(message)

    return sealed


@pytest.fixture(scope="session")
def c_name() -> Callable[[bytes, Expectation], str]:
    """What the C loader calls a file: OK or the name of the refusal."""

    def judge(file: bytes, expectation: Expectation) -> str:
        try:
            open_file(file, expectation)
        except LoaderError as error:
            return error.name
        return "OK"

    return judge


@pytest.fixture(scope="session")
def python_name() -> Callable[[bytes, tuple[bytes, ...]], str]:
    """What Python calls a file, without a board: OK or the name of the refusal."""

    def judge(file: bytes, public_keys: tuple[bytes, ...]) -> str:
        try:
            codec.check_signature(file, public_keys, verify)
            codec.decode(file)
        except FileError as error:
            return error.name
        return "OK"

    return judge


@pytest.fixture(scope="session")
def calibration() -> PanelCalibration:
    """Two channels of three points: an odd number, so that there is padding too."""
    table = ChannelTable(
        channel=1,
        centroid_dnm=6300,
        t_ref=25 * 256,
        t_min=10 * 256,
        t_max=60 * 256,
        u_rel=310,
        ceiling=9000,
        b1=12_600,
        b2=4_400,
        irradiance=(0, 3000, 12000),
        drive=(0, 16384, 65535),
    )
    second = ChannelTable(
        channel=2,
        centroid_dnm=8500,
        t_ref=20 * 256,
        t_min=-5 * 256,
        t_max=70 * 256,
        u_rel=290,
        ceiling=8000,
        b1=-9_000,
        b2=-700,
        irradiance=(100, 2500, 10000),
        drive=(700, 15000, 60000),
    )
    return PanelCalibration(
        flags=0,
        uid=bytes(range(16)),
        serial="LT5-000123",
        product_code=300,
        hardware_revision=2,
        drive_epoch=7,
        sequence=4,
        issued_at=1_790_000_000,
        valid_until_hours=2000,
        hours_at_calibration=12,
        record_sha256=bytes(range(100, 132)),
        distance_mm=150,
        geometry_id=1,
        channels=(table, second),
    )


@pytest.fixture(scope="session")
def file(calibration: PanelCalibration, sign: Callable[[PanelCalibration], bytes]) -> bytes:
    return sign(calibration)


@pytest.fixture(scope="session")
def board(calibration: PanelCalibration) -> Expectation:
    """The production board for which the file was made; it never had one before."""
    return Expectation(
        uid=calibration.uid,
        product_code=300,
        hardware_revision=2,
        drive_epoch=7,
        distance_mm=150,
        geometry_id=1,
        n_channels=2,
        highest_sequence=0,
        file_in_use=None,
        on_hours=12,
        allowed_flags=0,
        public_keys=(PUBLIC_KEY,),
    )


@pytest.fixture(scope="session")
def vectors() -> dict[str, Any]:
    """The index of the vectors, each `file` and `file_in_use` replaced by its bytes."""
    index: dict[str, Any] = json.loads((VECTORS / "index.json").read_text(encoding="utf-8"))
    for case in index["cases"]:
        case["board"] = index["board"] | case.get("board", {})
        for owner, field in ((case, "file"), (case["board"], "file_in_use")):
            if owner[field] is not None:
                owner[field] = (VECTORS / f"{owner[field]}.ledcal").read_bytes()
    return index


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The loader with the program that runs it, under the sanitizers."""
    return build_host(tmp_path_factory.mktemp("host") / "vector_host", *STRICT, *SANITIZED)


@pytest.fixture(scope="session")
def dialogue(
    vectors: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[str], list[str]]:
    """Every vector as commands for the host program, and the answers that the index demands."""
    folder = tmp_path_factory.mktemp("vectors")
    commands, expected = [], []
    for number, case in enumerate(vectors["cases"]):
        in_use = "-"
        if case["board"]["file_in_use"] is not None:
            in_use = str(folder / f"{number}-in-use")
            Path(in_use).write_bytes(case["board"]["file_in_use"])
        path = folder / str(number)
        path.write_bytes(case["file"])
        commands += [
            board_command(case["board"], bytes.fromhex(vectors["public_key"]), in_use),
            f"signature {int(case['error'] != 'SIGNATURE')}",
            f"open {path}",
        ]
        expected.append(case["error"])
        for channel, irradiance, temperature, answer in case.get("look_up", []):
            commands.append(f"drive {channel} {irradiance} {temperature}")
            expected.append(str(answer))
    return commands, expected


@pytest.fixture(scope="session")
def slots(
    calibration: PanelCalibration,
    board: Expectation,
    sign: Callable[[PanelCalibration], bytes],
    tmp_path_factory: pytest.TempPathFactory,
) -> SlotDialogue:
    """Boots with two slots, and power cuts while one is written."""
    return slot_dialogue(tmp_path_factory.mktemp("slots"), calibration, board, sign, PUBLIC_KEY)


@pytest.fixture(scope="session")
def thorough(
    dialogue: tuple[list[str], list[str]],
    vectors: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[list[str], list[str]]:
    """The vectors, the edges, the caller's mistakes, every name, damage after opening."""
    commands, expected = [list(part) for part in dialogue]
    folder = tmp_path_factory.mktemp("edges")
    key = bytes.fromhex(vectors["public_key"])
    for number, edge in enumerate(edges(VECTORS)):
        path = folder / str(number)
        path.write_bytes(edge.file)
        board = board_command(vectors["board"] | edge.board, key)
        commands += [board, "signature 1", *edge.first, f"open {path}"]
        expected.append(edge.error)
        for *request, answer in edge.look_up:
            commands.append("drive " + " ".join(map(str, request)))
            expected.append(str(answer))
    # the file opened last is good: what follows does not change it before it must
    commands += ["arguments", "names", "check", "flip 150 3", "check", "flip 150 3", "check"]
    expected += ["ARG"] * 4 + ["SEQ"] + ["ARG"] * 5 + ["0"]
    numbers = range(LAST_ERROR - 1, 2)
    expected += [ERROR_NAMES.get(number, "-") for number in reversed(numbers)]
    return commands, [*expected, "OK", "CRC", "OK"]


@pytest.fixture
def proves(record_property: Callable[[str, object], None]) -> Callable[[str, int], None]:
    """Tell which item of the proof a test holds, and with how many cases.

    `python -m tests.loader` prints them as a table and fails when an item is missing.
    """
    return lambda item, cases: record_property("proves", (item, cases))


@pytest.fixture
def costs(
    record_property: Callable[[str, object], None],
) -> Callable[[str, int, int | None, str], None]:
    """Keep a figure beside its limit, for the same table, and fail above the limit."""

    def record(what: str, figure: int, limit: int | None, unit: str) -> None:
        record_property("costs", (what, figure, limit, unit))
        assert limit is None or figure <= limit, f"{what}: {figure} {unit}, limit {limit}"

    return record
