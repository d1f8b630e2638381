"""What the panel says of itself, and what is not taken for an answer."""

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledcal.calibration.codec import key_id
from ledcal.instruments.errors import DeviceError, ReplyError
from ledcal.instruments.link import Bus
from ledcal.instruments.panel import Geometry, Hardware, LedcalPanel
from ledcal.instruments.panel_facts import refusal, trip_cause

DARK_PANEL = {
    b"*IDN?": b"Ledcal,LT1,LT-0007,1.0.0\n",
    b"CHAN:CAT?": b'"660"\n',
    b"OUTP1?": b"0\n",
    b"SOUR1:DRIV?": b"0\n",
}


def test_what_the_panel_says_of_itself(
    bench: dict[str, Any], bench_bus: Bus, signing_key: Ed25519PrivateKey
) -> None:
    said = bench["instruments"]["panel"]
    panel = LedcalPanel.open(bench_bus, said["resource"], said["serial"])
    assert panel.identity.serial == said["serial"]
    assert panel.resource_name == said["resource"]
    assert len(panel.uid()) == 32
    assert panel.hardware() == Hardware(product_code=4201, hardware_revision=1, drive_epoch=1)
    assert panel.geometry() == Geometry(distance_mm=150, geometry_id=1)
    assert panel.channels() == (1, 2, 3, 4, 5)
    assert dict(panel.nominal_nm) == {1: 630, 2: 660, 3: 810, 4: 830, 5: 850}
    assert panel.boot_count() >= 1
    assert panel.on_hours() >= 0
    assert panel.uptime_s() <= panel.uptime_s()
    assert panel.mode() == "ENG"
    assert panel.trusted_keys() == (key_id(signing_key.public_key().public_bytes_raw()).hex(),)
    panel.close()


@pytest.mark.parametrize(
    ("command", "reply", "ask"),
    [
        ("SYST:UID?", b"abc", LedcalPanel.uid),
        ("SYST:UID?", b"z" * 32, LedcalPanel.uid),
        ("SYST:HW?", b"4201,1", LedcalPanel.hardware),
        ("SYST:HW?", b"4201,1,x", LedcalPanel.hardware),
        ("SYST:GEOM?", b"150", LedcalPanel.geometry),
        ("SYST:UPT?", b"NAN", LedcalPanel.uptime_s),
        ("CAL:STAT?", b"0,OK", LedcalPanel.calibration_state),
        ("CAL:KEY?", b"ab,,cd", LedcalPanel.trusted_keys),
        ("CAL:MODE?", b"prod", LedcalPanel.mode),
        ("MEAS:TEMP?", b"9.9E+37", LedcalPanel.read),
        ("*STB?", b"", LedcalPanel.keep_alive),
    ],
)
def test_malformed_answer_is_refused(
    command: str, reply: bytes, ask: Callable[[LedcalPanel], Any], serve: Any, scpi: Any, bus: Bus
) -> None:
    peer = serve("pty", scpi(DARK_PANEL | {command.encode(): reply + b"\n"}))
    panel = LedcalPanel.open(bus, peer.resource, "LT-0007")
    with pytest.raises(ReplyError, match=command.replace("?", r"\?").replace("*", r"\*")):
        ask(panel)


@pytest.mark.parametrize("reply", [b"", b"660", b'"660",', b'"red"'])
def test_malformed_catalogue_is_refused(reply: bytes, serve: Any, scpi: Any, bus: Bus) -> None:
    peer = serve("pty", scpi(DARK_PANEL | {b"CHAN:CAT?": reply + b"\n"}))
    with pytest.raises(ReplyError, match="CHAN:CAT"):
        LedcalPanel.open(bus, peer.resource, "LT-0007")


@pytest.mark.parametrize(
    ("entries", "trip", "refused"),
    [
        ([(-240, "Hardware error; watchdog")], "watchdog", None),
        ([(-222, "x"), (-240, "Hardware error; over temperature")], "over temperature", None),
        ([(-240, "Hardware error; CRC")], None, "CRC"),
        ([(-240, "Hardware error")], None, None),
        ([(-221, "Settings conflict; watchdog")], None, None),
    ],
)
def test_entries_tell_trips_from_refusals(
    entries: list[tuple[int, str]], trip: str | None, refused: str | None
) -> None:
    error = DeviceError("panel", "CAL:DATA", tuple(entries))
    assert trip_cause(error) == trip
    assert refusal(error) == refused
