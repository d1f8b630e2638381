from pathlib import Path

import pytest

from ledcal.instruments.errors import DeviceError
from ledcal.rig.as_found import file_sha256, not_measurable, out_words, refused_request
from ledcal.rig.folder import sha256_hex
from ledcal.rig.product import Product
from ledcal.rig.run import AS_FOUND
from ledcal.rig.settings import SettingsFile
from tests.rig.conftest import panel_identity

FILE = "5a" * 32


@pytest.mark.parametrize(
    ("said", "file", "reason"),
    [
        ("OK", FILE, ""),
        ("OK", "", "the panel carried no calibration"),
        ("SIZE", "", "the panel carried no calibration"),
        ("UID", FILE, "(UID, it was made for another LED head)"),
        ("CRC", FILE, "refuses the calibration that it carried (CRC)"),
    ],
)
def test_only_a_valid_calibration_of_its_own_is_measured(
    product: SettingsFile[Product], said: str, file: str, reason: str
) -> None:
    found = not_measurable(product.settings, panel_identity(calibration=said), file)
    assert found.endswith(reason)
    assert bool(found) == bool(reason)


def test_a_product_may_ask_for_none(product: SettingsFile[Product]) -> None:
    none = product.settings.model_copy(update={"as_found_fractions": []})
    assert "asks for no" in not_measurable(none, panel_identity(calibration="OK"), FILE)


def test_the_file_that_it_carried_is_named_by_its_hash(tmp_path: Path) -> None:
    assert file_sha256(tmp_path) == ""
    (tmp_path / AS_FOUND).write_bytes(b"file")
    assert file_sha256(tmp_path) == sha256_hex(b"file")


def test_only_a_refusal_of_the_request_is_a_finding() -> None:
    refusal = DeviceError("panel", "SOUR1:IRR 60", ((-222, "Data out of range;TEMP"),))
    assert "channel 1 at 50%" in refused_request(refusal, 1, 0.5)
    assert "TEMP" in refused_request(refusal, 1, 0.5)
    other = DeviceError("panel", "SOUR1:IRR 60", ((-113, "Undefined header"),))
    with pytest.raises(DeviceError):
        refused_request(other, 1, 0.5)


def test_the_field_engineer_is_told_how_wrong_it_was() -> None:
    words = out_words({2: -0.161, 5: 0.124}, 4)
    assert "sequence 4" in words
    assert "channel 2 gave 16.1% less, channel 5 gave 12.4% more than it was asked for" in words
