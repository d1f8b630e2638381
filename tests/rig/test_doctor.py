import io
import os
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from sqlalchemy import text

from ledcal.calibration.outcome import Outcome
from ledcal.reports.text import legible
from ledcal.rig.authorisation import approver
from ledcal.rig.certificates import certificate_paths
from ledcal.rig.doctor import examine, findings_object, print_findings
from ledcal.rig.doctor_findings import Finding, Findings, exit_code
from ledcal.rig.key_file import new_key_file, public_file
from ledcal.rig.keys import engineering_key
from ledcal.rig.override import override
from ledcal.rig.register import put_in_service, put_out_of_service
from ledcal.rig.settings import SettingsFile
from ledcal.rig.station import Station
from ledcal.rig.station_lock import hold_station
from ledcal.rig.store.opened import STORE, open_store, store_url
from ledcal.rig.trust import trust

Change = Callable[..., Path]


@pytest.fixture
def looked(station: SettingsFile[Station]) -> Callable[..., dict[str, Finding]]:
    """Look at a station whose instruments are held by somebody else, so at its files alone."""

    def look(product: Path | None = None, data: Path | None = None) -> dict[str, Finding]:
        with hold_station(station.path):
            return {one.name: one for one in examine(station.path, product, data)}

    return look


def test_a_good_station_in_use(
    looked: Callable[..., dict[str, Finding]], data_folder: Path
) -> None:
    found = looked()
    failed = [name for name, one in found.items() if one.status != "ok"]
    assert failed == ["instruments"]
    assert f"in use by process {os.getpid()} (" in found["instruments"].text
    assert exit_code(list(found.values())) == 4
    # Nothing was made, neither folder nor key.
    assert not data_folder.exists()
    assert "the first run makes it" in found["data folder"].text
    assert "the first run makes it" in found["signing key"].text


@pytest.mark.parametrize(
    ("days", "status", "words"),
    [
        (31, "ok", "in 31 days"),
        (30, "WARN", "book its calibration soon"),
        (7, "WARN", "book its calibration now"),
        (0, "WARN", "in 0 days"),
        (-1, "FAIL", "1 days ago; send it for calibration"),
    ],
)
def test_days_left_of_a_certificate(
    looked: Callable[..., dict[str, Finding]], change: Change, days: int, status: str, words: str
) -> None:
    due = datetime.now(UTC).date() + timedelta(days=days)
    change("spectrometer", "due", value=due)
    one = looked()["certificate spectrometer"]
    assert one.status == status
    assert words in one.text
    assert one.outcome is (Outcome.STATION if status == "FAIL" else Outcome.PASS)


def test_the_register_and_an_override_are_told(
    looked: Callable[..., dict[str, Finding]],
    change: Change,
    station: SettingsFile[Station],
    data_folder: Path,
    tmp_path: Path,
) -> None:
    due = datetime.now(UTC).date() - timedelta(days=1)
    meter = change("power_meter", "due", value=due)
    put_in_service(list(certificate_paths(station).values()), data_folder)
    found = looked()
    assert "3 instruments in service, 1 of them overdue" in found["register"].text
    assert (found["register"].status, found["certificate power_meter"].status) == ("WARN", "FAIL")
    key = tmp_path / "ann.toml"
    new_key_file(key, "Ann", "ENG")
    trust(public_file(key), data_folder)
    by = approver("Ann", key, data_folder)
    override(meter, "it is late", due + timedelta(days=2), by, data_folder)
    put_out_of_service("S1", "fell down", data_folder)
    found = looked()
    assert found["certificate power_meter"].status == "WARN"
    assert "by override of Ann" in found["certificate power_meter"].text
    assert found["register spectrometer"].status == "WARN"
    assert "production would be refused" in found["register spectrometer"].text


def test_every_refused_file_is_shown_and_is_refused_input(
    looked: Callable[..., dict[str, Finding]], change: Change, tmp_path: Path
) -> None:
    change("spectrometer", "bandpass_nm", value=0.0)
    change("thermocouple_logger", "due")
    product = tmp_path / "product.toml"
    product.write_text("format = 1\n")
    found = looked(product=product)
    refused = {name for name, one in found.items() if one.outcome is Outcome.USAGE}
    assert refused == {
        *("certificate spectrometer", "certificate thermocouple_logger", "product file"),
    }
    assert exit_code(list(found.values())) == 2
    assert found["certificate power_meter"].status == "ok"


def test_a_certificate_of_another_instrument(
    looked: Callable[..., dict[str, Finding]], change: Change
) -> None:
    change("power_meter", "serial", value="M2")
    assert "the station's power_meter is 'M1'" in looked()["certificates"].text


def test_a_refused_station_file_leaves_the_rest_to_be_looked_at(tmp_path: Path) -> None:
    found = {one.name: one for one in examine(tmp_path / "absent.toml", None, tmp_path / "data")}
    assert found["station file"].outcome is Outcome.USAGE
    assert found["product file"].status == found["data folder"].status == "ok"


def test_a_clock_that_stepped_back(
    looked: Callable[..., dict[str, Finding]], make_run: Callable[..., Path]
) -> None:
    journal = make_run() / "journal.jsonl"
    assert looked()["clock"].status == "ok"
    ahead_s = journal.stat().st_mtime + 3600
    os.utime(journal, (ahead_s, ahead_s))
    one = looked()["clock"]
    assert one.status == "FAIL"
    assert "journal.jsonl" in one.text
    assert "time server" in one.text


def test_a_certificate_from_the_future_means_a_wrong_clock(
    looked: Callable[..., dict[str, Finding]], change: Change
) -> None:
    change("power_meter", "issued", value=datetime.now(UTC).date() + timedelta(days=3))
    assert "the issue of certificate C-M1" in looked()["clock"].text


def test_a_data_folder_that_is_a_file(
    looked: Callable[..., dict[str, Finding]], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    found = looked(data=tmp_path / "file" / "data")
    assert found["data folder"].status == "FAIL"
    assert "cannot be made" in found["data folder"].text
    assert looked(data=tmp_path / "file")["data folder"].outcome is Outcome.STATION


def test_a_record_store_that_cannot_be_used(
    looked: Callable[..., dict[str, Finding]], data_folder: Path
) -> None:
    data_folder.mkdir(parents=True, exist_ok=True)
    assert looked()["record store"].text == "none yet: the first run makes it"
    with open_store(store_url(data_folder)) as store:
        assert looked()["record store"].text == "0 entries in the log"
        with store.adding() as connection:
            connection.execute(text("DROP TRIGGER log_entry_no_delete"))
    unguarded = looked()["record store"]
    assert (unguarded.status, unguarded.outcome) == ("FAIL", Outcome.STATION)
    assert "lost its guards" in unguarded.text
    (data_folder / STORE).write_bytes(b"no database")
    assert "file is not a database" in looked()["record store"].text


def test_what_a_data_folder_holds(
    looked: Callable[..., dict[str, Finding]], begin_run: Callable[..., Any]
) -> None:
    folder, journal = begin_run()
    journal.close()
    (folder / ".record.json.part").write_bytes(b"half")
    found = looked()
    assert f"1 runs, 1 not closed, {folder.name} last" in found["data folder"].text
    assert found["left over"].status == "WARN"


def test_an_open_signing_key(looked: Callable[..., dict[str, Finding]], data_folder: Path) -> None:
    key = engineering_key(data_folder)
    assert key.key_id.hex() in looked()["signing key"].text
    (data_folder / "keys" / "engineering.pem").chmod(0o644)
    one = looked()["signing key"]
    assert (one.status, one.outcome) == ("FAIL", Outcome.USAGE)
    assert "chmod 600" in one.text


def test_all_instruments_that_cannot_be_reached_are_shown(
    station: SettingsFile[Station], change: Change
) -> None:
    # A port that was free a moment ago, on which nobody listens.
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    for role in ("spectrometer", "thermocouple_logger"):
        path = station.path
        text = path.read_text().replace(
            f"TCPIP::127.0.0.1::{role}", f"TCPIP::127.0.0.1::{port}::SOCKET"
        )
        path.write_text(text)
    text = station.path.read_text().replace(
        # As long as the names of adapters are.
        "TCPIP::127.0.0.1::power_meter",
        f"ASRL/dev/serial/by-id/usb-{'of-a-maker-' * 5}if00-port0::INSTR",
    )
    station.path.write_text(text.replace("ledcal_panel", "of_tomorrow"))
    found = {one.name: one for one in examine(station.path, None, None)}
    for name in ("power meter", "spectrometer", "thermocouple logger"):
        assert found[name].outcome is Outcome.STATION, found[name]
        assert "check its power" in legible(found[name].text)
    assert "driver 'of_tomorrow' is not known; there are: ledcal_panel" in found["panel"].text


def test_exit_codes() -> None:
    findings = Findings()
    findings.ok("a", "x")
    findings.warn("b", "x")
    assert exit_code(findings.found) == 0
    codes = []
    for outcome in (Outcome.FAIL, Outcome.SETUP, Outcome.STATION, Outcome.USAGE):
        findings.fail("c", "x", outcome)
        codes.append(exit_code(findings.found))
    assert codes == [3, 3, 4, 2]


def test_lines_are_aligned_and_no_text_of_an_instrument_acts() -> None:
    findings = Findings()
    findings.ok("panel", "\x1b[2J\u202ered")
    findings.warn("disk", "small")
    findings.fail("power meter", "first\nsecond")
    stream = io.StringIO()
    print_findings(findings.found, Console(file=stream, width=100, soft_wrap=True))
    assert stream.getvalue().splitlines() == [
        "✔ ok    panel        \\u001b[2J\\u202ered",
        "▲ WARN  disk         small",
        "✘ FAIL  power meter  first",
        "                     second",
        "",
        "✘ NOT READY: 1 failed, 1 to watch",
    ]


def test_json() -> None:
    findings = Findings()
    findings.warn("disk", "small")
    assert findings_object(findings.found) == {
        "ready": True,
        "exit_code": 0,
        "findings": [{"name": "disk", "status": "WARN", "text": "small"}],
    }
