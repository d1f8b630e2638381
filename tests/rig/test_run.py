import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ledcal.calibration.outcome import Outcome
from ledcal.calibration.record_reader import read_record
from ledcal.rig.errors import RefusedInput, StationError
from ledcal.rig.journal import Journal, read_journal
from ledcal.rig.product import Product
from ledcal.rig.run import (
    CALIBRATION,
    RUNS,
    Request,
    earlier_runs,
    find_run,
    highest_sequence,
    keep_copies,
    new_run_folder,
    require_serial,
    runs_of,
)
from ledcal.rig.settings import SettingsFile
from ledcal.rig.station import Station

StartRun = Callable[..., tuple[Path, Journal]]


@pytest.mark.parametrize("serial", ["DEMO-0001", "ABC", "0-9", "X" * 16, "A--"])
def test_a_serial_of_the_product_is_taken(serial: str, product: SettingsFile[Product]) -> None:
    require_serial(serial, product.settings)


@pytest.mark.parametrize(
    "serial",
    [
        *("", "AB", "X" * 17, "-AB", "demo-0001", "DEMO 0001", "DEMO_0001", "DEMO.0001"),
        *("../../X", "..", "A/B", "A\\B", "/ETC", "~ROOT", "A\0B", "$HOME", "A;B", "%2E%2E"),
        *("DEMO-0001\n", "\nDEMO-0001", "DEMO\r1", "DEMO-0001 ", "\ufeffDEMO", "DEMO\u200b1"),
        *(
            "DEMO-\u0661\u0662",
            "\uff24\uff25\uff2d\uff2f",
            "DEM\u041e-0001",
            "DEM\u00d6",
            "\x1b[31m",
        ),
        "A" * 10_000,
    ],
    ids=ascii,
)
def test_what_is_no_serial_is_refused(serial: str, product: SettingsFile[Product]) -> None:
    with pytest.raises(RefusedInput) as caught:
        require_serial(serial, product.settings)
    assert caught.value.code == "SERIAL"
    assert repr(serial) in str(caught.value)


def test_a_products_pattern_cannot_let_a_path_in(product: SettingsFile[Product]) -> None:
    loose = product.settings.model_copy(update={"serial_pattern": ".*"})
    require_serial("ANY-1", loose)
    for serial in ("../X", "a", ""):
        with pytest.raises(RefusedInput):
            require_serial(serial, loose)


@pytest.mark.parametrize("name", ["operator", "reason", "customer", "condition"])
def test_bytes_that_are_no_text_are_refused(name: str) -> None:
    """An argument that is no UTF-8: neither record nor calibration.json could keep it."""
    said: dict[str, Any] = {name: os.fsdecode(b"op\xff")}
    with pytest.raises(RefusedInput, match=name + r" 'op\\udcff': is not UTF-8 text"):
        Request(serial="ABC-1", **said)


@pytest.mark.parametrize("day", ["", "yesterday", "2026-02-30", "04.03.2026"])
def test_a_day_that_is_none_is_refused(day: str) -> None:
    with pytest.raises(RefusedInput, match=r"is no date like 2026-03-04"):
        Request(serial="ABC-1", received=day)


def test_only_what_was_stated_of_the_item_is_kept() -> None:
    asked = Request(serial="ABC-1", customer="<b>", received="2026-03-04")
    assert asked.item == {"customer": "<b>", "received": "2026-03-04"}
    assert Request(serial="ABC-1").item == {}


def test_a_run_id_is_its_folder_and_serial(data_folder: Path) -> None:
    folder = new_run_folder(data_folder, "ABC-1")
    assert folder.parent == data_folder / RUNS
    assert runs_of(folder.parent, "ABC-1") == [folder]


def test_a_run_folder_that_cannot_be_made_is_the_stations_fault(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(StationError) as caught:
        new_run_folder(tmp_path / "data", "ABC-1")
    assert caught.value.code == "DATA_FOLDER"


def runs(data_folder: Path, *names: str) -> list[Path]:
    folders = [data_folder / RUNS / name for name in names]
    for folder in folders:
        folder.mkdir(parents=True)
    return folders


def test_a_serial_that_ends_like_another_has_its_own_runs(data_folder: Path) -> None:
    first, other, longer, last = runs(
        data_folder,
        "20260101T000000000Z-FOO",
        "20260102T000000000Z-ZFOO",
        "20260103T000000000Z-Z-FOO",
        "20260104T000000000Z-FOO",
    )
    runs(data_folder, "notes-FOO", "20260105T000000000Z-FOO.bak", "20260105Z-FOO")
    everything = data_folder / RUNS
    assert runs_of(everything, "FOO") == [first, last]
    assert runs_of(everything, "ZFOO") == [other]
    assert runs_of(everything, "Z-FOO") == [longer]
    assert runs_of(everything, "F.O") == []
    assert runs_of(everything, "") == []
    assert earlier_runs(last, "FOO") == [first]
    assert earlier_runs(first, "FOO") == []
    assert runs_of(data_folder / "absent", "FOO") == []


def calibration(folder: Path, content: Any) -> None:
    said = content if isinstance(content, bytes) else json.dumps(content).encode()
    (folder / CALIBRATION).write_bytes(said)


def test_the_highest_sequence_is_that_of_any_earlier_run(data_folder: Path) -> None:
    folders = runs(data_folder, *(f"2026010{n}T000000000Z-FOO" for n in range(1, 6)))
    now = folders[3]
    assert highest_sequence(now, "FOO") == 0
    for folder, sequence in zip(folders, (3, 7, 5, 90, 80), strict=True):
        calibration(folder, {"file": {"sequence": sequence}})
    assert highest_sequence(now, "FOO") == 7
    assert highest_sequence(now, "ZFOO") == 0


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", b"\xff", b"null", b"[]", b"[" * 99_999, {}, {"file": None}),
        *({"file": {}}, {"file": {"sequence": "9"}}, {"file": {"sequence": None}}),
        *(b'{"file": {"sequence": 1e999}}', b'{"file": {"sequence": NaN}}'),
        *({"file": {"sequence": 2**32}}, {"file": {"sequence": 9.5}}, {"file": {"sequence": -1}}),
    ],
    ids=lambda content: ascii(content)[:40],
)
def test_a_damaged_calibration_of_an_earlier_run_does_no_harm(
    data_folder: Path, content: Any
) -> None:
    first, second, now = runs(data_folder, *(f"2026010{n}T000000000Z-FOO" for n in range(1, 4)))
    calibration(first, {"file": {"sequence": 4}})
    calibration(second, content)
    assert highest_sequence(now, "FOO") == 4


def test_a_run_is_found_by_path_id_and_serial(
    data_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    old, new = runs(data_folder, "20260101T000000000Z-FOO", "20260102T000000000Z-FOO")
    runs(data_folder, "20260103T000000000Z-ZFOO")
    assert find_run(data_folder, str(old)) == old
    assert find_run(data_folder, old.name) == old
    assert find_run(data_folder, "FOO") == new


@pytest.mark.parametrize(
    "name",
    ["FO", "OO", "../runs-not-there", "*", "20260101T000000000Z-*", "a\nb", "F" * 5_000, "\0"],
)
def test_what_names_no_run_is_refused(data_folder: Path, name: str) -> None:
    runs(data_folder, "20260101T000000000Z-FOO")
    with pytest.raises(RefusedInput) as caught:
        find_run(data_folder, name)
    assert caught.value.code == "RUN"
    assert str(data_folder) in str(caught.value)


def test_a_run_begins_with_who_what_and_where(
    begin_run: StartRun, station: SettingsFile[Station], product: SettingsFile[Product]
) -> None:
    folder, journal = begin_run(operator="op\u2028", reason="<b>", condition="dusty\u2028")
    journal.close()
    record = read_record(read_journal(folder))
    assert record.outcome is Outcome.ABORTED
    assert record.run.run == folder.name
    assert (record.run.operator, record.run.reason) == ("op\u2028", "<b>")
    assert record.run.item == {"condition": "dusty\u2028"}
    assert record.run.simulated is True
    assert record.run.attempt == 1
    assert record.run.product["file_sha256"] == product.sha256
    assert {"python", "ledcal", "numpy", "pyvisa-py"} <= set(record.run.software)
    assert (folder / "station.toml").read_bytes() == station.content
    assert (folder / "product.toml").read_bytes() == product.content


def test_each_run_of_a_serial_is_counted(begin_run: StartRun) -> None:
    for attempt, day in enumerate("123", start=1):
        folder, journal = begin_run(f"2026010{day}T000000000Z-FOO", serial="FOO")
        journal.close()
        assert read_journal(folder)[0]["attempt"] == attempt
    folder, journal = begin_run("20260109T000000000Z-ZFOO", serial="ZFOO")
    journal.close()
    assert read_journal(folder)[0]["attempt"] == 1


def test_certificates_of_one_file_name_are_both_kept(
    tmp_path: Path, station: SettingsFile[Station], product: SettingsFile[Product]
) -> None:
    for role in ("power_meter", "spectrometer"):
        (tmp_path / role).mkdir()
        (tmp_path / f"{role}.toml").rename(tmp_path / role / "certificate.toml")
    paths = {
        "power_meter": tmp_path / "power_meter" / "certificate.toml",
        "spectrometer": tmp_path / "spectrometer" / "certificate.toml",
    }
    folder = new_run_folder(tmp_path, "FOO")
    keep_copies(folder, station, product, paths)
    for role, path in paths.items():
        assert (folder / f"certificate-{role}.toml").read_bytes() == path.read_bytes()
