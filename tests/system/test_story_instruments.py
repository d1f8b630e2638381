"""Failure stories of the instruments: what cannot measure is the station's, and is named.

What can be mended by measuring again is: one run survives five such faults, and each of its lost
readings is in its journal.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ledcal.rig.key_file import new_key_file, public_file
from ledcal.rig.trust import trust

pytestmark = pytest.mark.system
Tell = Callable[..., Any]


def test_f05_f08_f12_f22_f24_what_can_be_measured_again_is_and_the_run_passes(
    bench: Any, tell: Tell, short_product: Path
) -> None:
    late = {"fault": "late_reply", "value": 2.5, "on": "power_meter", "command": "READ?"}
    twice = {"fault": "duplicate_reply", "value": True, "on": "power_meter", "command": "READ?"}
    told = tell(
        bench,
        *("--product", short_product),
        strikes=[
            # The array is full at half of its converter's scale, and the instrument hides it.
            ("warm_up", "spectrometer_hides_saturation", True),
            ("warm_up", "spectrometer_saturates_at", 0.5),
            # Somebody knocks at the panel the next time it is lit.
            ("spectrum", "knock_s", 3.0),
            # Somebody turns the meter's range down, and in the verification its wavelength.
            ("irradiance", "meter_range_w", 5e-4),
            ("irradiance", "fault", late | {"at_command": 40}),
            ("irradiance", "fault", twice | {"at_command": 60}),
            ("verify", "meter_nm", 635.0),
        ],
    )
    assert told.outcome == ("PASS", 0, ""), told.said["reasons"]
    repeated = " ".join(told.notes("REPEATED"))
    assert "flat on top" in repeated
    assert "the light changed by" in repeated
    assert "no answer to READ?" in repeated
    assert "over the range of 0.0005 W" in told.notes("RANGE_UP")[0]
    assert "635 nm instead of" in told.notes("METER_SET_AGAIN")[0]
    struck = {f["fault"]: f["struck"] for f in bench.truth(ask="faults")["faults"]}
    assert struck == {"late_reply": 1, "duplicate_reply": 1}
    verified = [e for e in told.events if e["event"] == "measured" and e["step"] == "verify"]
    assert len(verified) == 15
    for one in verified:
        true = bench.truth(
            ask="irradiance_at",
            channel=one["channel"],
            drive_code=int(one["where"]["drive_code"]),
            board_degc=one["where"]["board_degc"],
        )
        assert one["value"] == pytest.approx(true["irradiance_w_m2"], rel=0.05)
    # No reading was ever used that the meter took at another wavelength than it was set to.
    settings = {
        reading["wavelength_nm"]
        for event in told.events
        if event["event"] == "observation"
        for reading in (event["blank_before"], event["lit"], event["blank_after"])
    }
    assert 635.0 not in settings


def test_f06_thermocouple_that_is_open_is_named_before_light(bench: Any, tell: Tell) -> None:
    bench.truth(set="open_thermocouple", value="heatsink")
    told = tell(bench)
    assert told.outcome == ("STATION", 4, "OPENTHERMOCOUPLE")
    assert "'heatsink' at input 103 is open" in told.text


def test_f06_thermocouple_that_breaks_in_the_run_shows_garbage_and_is_not_believed(
    bench: Any, tell: Tell
) -> None:
    told = tell(bench, strikes=[("warm_up", "breaking_thermocouple", "surface")])
    assert told.outcome == ("STATION", 4, "THERMOCOUPLE")
    assert "'surface' shows 487." in told.text
    assert "check the probe" in told.text


def test_f07_thermocouple_that_has_fallen_off_is_told_while_the_board_climbs(
    bench: Any, tell: Tell
) -> None:
    bench.truth(set="detached_thermocouple", value="heatsink")
    told = tell(bench)
    assert told.outcome == ("STATION", 4, "PROBE_OFF")
    assert "check the probe" in told.text


def test_f08_spectrometer_that_stays_saturated_is_the_station(bench: Any, tell: Tell) -> None:
    bench.truth(set="spectrometer_saturates_at", value=1e-4)
    told = tell(bench)
    assert told.outcome[:2] == ("STATION", 4)
    # No time is short enough, which the instrument may tell in either way.
    assert told.outcome[2] in ("SATURATED", "DEVICEERROR")
    assert "spectrometer SB1211" in told.text


def test_f11_another_head_than_the_certificate_s_is_refused(bench: Any, tell: Tell) -> None:
    bench.truth(set="meter_head", value="16060299")
    told = tell(bench)
    assert told.outcome == ("STATION", 4, "WRONG_HEAD")
    assert "S121C 16060299" in told.text
    assert "S121C 16060232" in told.text


def test_f11_overdue_certificate_blocks_the_run(bench: Any, tell: Tell) -> None:
    certificate = bench.station.parent / "power_meter.toml"
    text = certificate.read_text()
    certificate.write_text(text.replace("due = 2036-02-02", "due = 2026-03-01"))
    told = tell(bench)
    assert told.outcome == ("STATION", 4, "CERTIFICATE_OVERDUE")
    assert "2026-03-01" in told.text
    assert "send it for calibration" in told.text


def test_f11_an_approver_s_override_lets_it_measure_and_every_page_tells_it(
    bench: Any, tell: Tell, ledcal: Callable[..., Any], tmp_path: Path
) -> None:
    """The run ends before any light by another trouble, which is met after the certificates."""
    certificate = bench.station.parent / "power_meter.toml"
    today = datetime.now(UTC).date()
    due, until = today - timedelta(days=1), today + timedelta(days=3)
    certificate.write_text(certificate.read_text().replace("2036-02-02", due.isoformat()))
    key = tmp_path / "ann.toml"
    new_key_file(key, "Ann", "ENG")
    trust(public_file(key), bench.data_folder)
    done = ledcal(
        *("override", certificate, "--reason", "<b>it is late</b>", "--until", str(until)),
        *("--name", "Ann", "--key", key, "--data", bench.data_folder),
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    bench.truth(set="meter_head", value="16060299")
    told = tell(bench)
    assert told.outcome == ("STATION", 4, "WRONG_HEAD")
    (note,) = told.notes("CERTIFICATE_OVERRIDE")
    assert "by override of Ann (key " in note
    page = Path(told.said["paths"]["certificate"]).read_text()
    assert f"was due {due}, used past it until {until}" in page
    assert "reason: &lt;b&gt;it is late&lt;/b&gt;" in page
