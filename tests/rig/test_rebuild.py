import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledcal.calibration.codec import encode
from ledcal.calibration.panel_calibration import PanelCalibration
from ledcal.calibration.record import PanelIdentity
from ledcal.rig.closing import PANEL_FILE, SEAL, seal_bytes
from ledcal.rig.errors import RefusedInput
from ledcal.rig.folder import canonical, sha256_hex
from ledcal.rig.keys import SigningKey
from ledcal.rig.log_book import LOG_PROOF
from ledcal.rig.rebuild import calibration_of, difference, rebuilt
from ledcal.rig.release import calibration_json, with_record
from ledcal.rig.run import CALIBRATION
from ledcal.rig.verify import verify_run
from tests.rig.conftest import panel_content, panel_identity

KEY_ID = bytes(range(8))
WORD = st.integers(0, 2**32 - 1)


def complete(calibration: PanelCalibration) -> tuple[bytes, PanelCalibration]:
    content = calibration_json(calibration, {"run": "r"})
    return content, with_record(calibration, bytes.fromhex(sha256_hex(content)))


@given(
    flags=st.integers(0, 3),
    serial=st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=16),
    sequence=st.integers(1, 2**32 - 1),
    issued_at=st.integers(0, 2**53 - 1),
    codes=st.tuples(WORD, WORD),
)
@settings(deadline=None)
def test_a_file_is_a_function_of_its_record_and_the_key(
    flags: int, serial: str, sequence: int, issued_at: int, codes: tuple[int, int]
) -> None:
    calibration = replace(
        panel_content(panel_identity(serial=serial), sequence),
        flags=flags,
        issued_at=issued_at,
        product_code=codes[0],
        drive_epoch=codes[1],
    )
    content, whole = complete(calibration)
    assert calibration_of(content) == whole
    file = encode(whole, key_id=KEY_ID, sign=lambda message: bytes(64))
    assert difference(file, rebuilt(content, KEY_ID)) is None


def test_every_byte_but_the_signature_is_compared(identity: PanelIdentity) -> None:
    content, whole = complete(panel_content(identity))
    file = encode(whole, key_id=KEY_ID, sign=lambda message: bytes(64))
    unsigned = rebuilt(content, KEY_ID)
    for at in range(len(file)):
        changed = file[:at] + bytes([file[at] ^ 1]) + file[at + 1 :]
        found = difference(changed, unsigned)
        assert (found is None) == (at >= len(file) - 64)
        assert found is None or f"byte {at}:" in found
    assert difference(file[:-1], unsigned) == f"has {len(file) - 1} bytes instead of {len(file)}"


@pytest.mark.parametrize(
    "change",
    [
        lambda said: said.pop("file"),
        lambda said: said.update(format="ledcal-calibration/2"),
        lambda said: said.update(file=[]),
        lambda said: said["file"].pop("serial"),
        lambda said: said["file"].update(more=1),
        lambda said: said["file"].update(uid="zz"),
        lambda said: said["file"].update(uid=None),
        lambda said: said["file"].update(uid=""),
        lambda said: said["file"].update(channels=None),
        lambda said: said["file"].update(channels=[]),
        lambda said: said["file"].update(serial=7),
        lambda said: said["file"].update(serial="µ"),
        lambda said: said["file"].update(sequence="1"),
        lambda said: said["file"].update(sequence=None),
        lambda said: said["file"].update(sequence=0),
        lambda said: said["file"].update(product_code=2**40),
        lambda said: said["file"].update(flags=4),
        lambda said: said["file"].update(distance_mm=150.5),
        lambda said: said["file"]["channels"][0].update(drive=[1, 0, 2]),
        lambda said: said["file"]["channels"][0].update(drive="abc"),
        lambda said: said["file"]["channels"][0].update(b1=2**40),
        lambda said: said["file"]["channels"][0].pop("b1"),
        lambda said: said["file"]["channels"][0].update(b1=0.5),
    ],
)
def test_a_damaged_record_is_refused_and_never_an_error(
    identity: PanelIdentity, change: Callable[[dict[str, Any]], object]
) -> None:
    said = json.loads(complete(panel_content(identity))[0])
    change(said)
    with pytest.raises(RefusedInput, match=r"calibration\.json: (is damaged|makes no file): "):
        rebuilt(canonical(said), KEY_ID)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b"[" * 100_000, b'{"a": 1}'])
def test_what_is_no_record_is_refused(content: bytes) -> None:
    with pytest.raises(RefusedInput, match="is damaged"):
        rebuilt(content, KEY_ID)


def test_verify_makes_the_file_again(
    sealed_run: Path, data_folder: Path, key: SigningKey, identity: PanelIdentity
) -> None:
    """A station that signs another file than its record makes is found out, well sealed or not."""
    record = (sealed_run / CALIBRATION).read_bytes()
    other = replace(
        panel_content(identity),
        valid_until_hours=20_000,
        record_sha256=bytes.fromhex(sha256_hex(record)),
    )
    (sealed_run / PANEL_FILE).write_bytes(encode(other, key_id=key.key_id, sign=key.sign))
    (sealed_run / SEAL).write_bytes(seal_bytes(sealed_run, key))
    (logged, finding) = verify_run(sealed_run, data_folder).findings
    assert logged.file == LOG_PROOF
    assert finding.file == PANEL_FILE
    assert finding.text == (
        f"is not what {CALIBRATION} makes: it differs at byte 80: 0x20 instead of 0x1c"
    )


def test_a_record_that_makes_no_file_is_named(
    sealed_run: Path, data_folder: Path, key: SigningKey, identity: PanelIdentity
) -> None:
    content = canonical({"format": "ledcal-calibration/1", "file": {}, "provenance": {}})
    (sealed_run / CALIBRATION).write_bytes(content)
    other = with_record(panel_content(identity), bytes.fromhex(sha256_hex(content)))
    (sealed_run / PANEL_FILE).write_bytes(encode(other, key_id=key.key_id, sign=key.sign))
    (sealed_run / SEAL).write_bytes(seal_bytes(sealed_run, key))
    (logged, *others, finding) = verify_run(sealed_run, data_folder).findings
    assert {logged.file, *(one.file for one in others)} == {LOG_PROOF}
    assert finding.file == CALIBRATION
    assert finding.text.startswith("is damaged: ")
