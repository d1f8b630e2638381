import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ledcal.rig.errors import RefusedInput
from ledcal.rig.key_file import new_key_file, public_file
from ledcal.rig.product import Product, read_product
from ledcal.rig.product_release import approve, release_file, require_released
from ledcal.rig.run import NOT_RELEASED
from ledcal.rig.settings import SettingsFile
from ledcal.rig.trust import retire, trust


@pytest.fixture
def path(tmp_path: Path, product: SettingsFile[Product]) -> Path:
    path = tmp_path / "product.toml"
    path.write_bytes(product.content)
    return path


@pytest.fixture
def keys(tmp_path: Path, data_folder: Path) -> dict[str, Path]:
    """Two release keys that the data folder knows."""
    data_folder.mkdir(parents=True)
    found = {name: tmp_path / f"{name}.key" for name in ("Ada", "Bo")}
    for name, file in found.items():
        new_key_file(file, name, "RELEASE")
        trust(public_file(file), data_folder)
    return found


def released(path: Path, data: Path, mode: str = "PROD") -> str:
    return require_released(read_product(path), mode, data)


def test_two_people_with_two_keys_release_a_file(
    path: Path, keys: dict[str, Path], data_folder: Path
) -> None:
    for people, (name, file) in enumerate(keys.items(), start=1):
        assert approve(path, file, name)[1] == people
    assert released(path, data_folder).startswith("released by Ada (key ")
    assert " and Bo (key " in released(path, data_folder)
    assert release_file(path).name == "product.toml.release.json"


def test_one_person_is_not_two(path: Path, keys: dict[str, Path], data_folder: Path) -> None:
    approve(path, keys["Ada"], "Ada")
    for name, key in (("Cy", "Ada"), ("ADA ", "Bo")):
        with pytest.raises(RefusedInput, match="another person"):
            approve(path, keys[key], name)
    with pytest.raises(RefusedInput, match="not released by 2 people"):
        released(path, data_folder)
    assert released(path, data_folder, "ENG") == NOT_RELEASED


def test_a_changed_file_names_both_hashes_and_its_history_stays(
    path: Path, keys: dict[str, Path], data_folder: Path
) -> None:
    for name, file in keys.items():
        approve(path, file, name)
    before = read_product(path).sha256
    path.write_bytes(path.read_bytes().replace(b"fit_residual = 0.02", b"fit_residual = 0.2"))
    with pytest.raises(RefusedInput) as caught:
        released(path, data_folder)
    assert before in caught.value.text
    assert read_product(path).sha256 in caught.value.text
    assert approve(path, keys["Ada"], "Ada")[1] == 1
    assert approve(path, keys["Bo"], "Bo")[1] == 2
    assert len(json.loads(release_file(path).read_text())["approvals"]) == 4
    released(path, data_folder)


def alter(path: Path, **changed: Any) -> None:
    said = json.loads(release_file(path).read_text())
    said["approvals"][0] |= changed
    release_file(path).write_text(json.dumps(said))


@pytest.mark.parametrize("changed", [{"name": "Cy"}, {"at": "2026-01-01T00:00:00+00:00"}])
def test_an_altered_signature_does_not_count(
    path: Path, keys: dict[str, Path], data_folder: Path, changed: dict[str, Any]
) -> None:
    for name, file in keys.items():
        approve(path, file, name)
    alter(path, **changed)
    with pytest.raises(RefusedInput, match="its signature does not hold"):
        released(path, data_folder)


def test_a_key_for_something_else_or_of_nobody_does_not_count(
    path: Path, keys: dict[str, Path], data_folder: Path, tmp_path: Path
) -> None:
    approve(path, keys["Ada"], "Ada")
    prod = tmp_path / "prod.key"
    new_key_file(prod, "line", "PROD")
    with pytest.raises(RefusedInput, match="purpose RELEASE"):
        approve(path, prod, "Cy")
    stranger = tmp_path / "stranger.key"
    new_key_file(stranger, "stranger", "RELEASE")
    approve(path, stranger, "Cy")
    with pytest.raises(RefusedInput, match="is not trusted in"):
        released(path, data_folder)


def test_a_key_that_was_retired_before_does_not_count(
    path: Path, keys: dict[str, Path], data_folder: Path
) -> None:
    for name, file in keys.items():
        made, _ = approve(path, file, name)
    released(path, data_folder)
    retired = retire(made.key_id, data_folder)
    assert retired.retired is not None
    # It signed before it was retired, or within the same second.
    if datetime.fromisoformat(made.at) < retired.retired:
        released(path, data_folder)
    assert retired.retired <= datetime.now(UTC)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b'{"format": "x", "approvals": []}', b"\xff", b"[" * 9_999],
)
def test_a_damaged_release_is_refused_in_production_only(
    path: Path, data_folder: Path, content: bytes
) -> None:
    release_file(path).write_bytes(content)
    with pytest.raises(RefusedInput, match="is damaged"):
        released(path, data_folder)
    assert released(path, data_folder, "DEMO") == NOT_RELEASED


@pytest.mark.parametrize(
    "changed",
    [{"public_key": "zz"}, {"at": "yesterday"}, {"at": "2026-01-01T00:00:00"}, {"more": "x"}],
)
def test_a_damaged_signature_is_refused(
    path: Path, keys: dict[str, Path], data_folder: Path, changed: dict[str, Any]
) -> None:
    for name, file in keys.items():
        approve(path, file, name)
    alter(path, **changed)
    with pytest.raises(RefusedInput, match="is damaged"):
        released(path, data_folder)
