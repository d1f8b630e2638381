"""The panel's driver, against the virtual bench and against odd answers."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from ledcal.instruments.errors import (
    CalibrationRefused,
    DeviceError,
    LinkLost,
    NotDark,
    PanelTripped,
    ReplyError,
    WrongInstrument,
)
from ledcal.instruments.link import Bus
from ledcal.instruments.panel import NO_SERIAL, LedcalPanel, Panel

Truth = Callable[[dict[str, Any]], dict[str, Any]]


@pytest.fixture
def panel(bench: dict[str, Any], bench_bus: Bus) -> Iterator[Panel]:
    said = bench["instruments"]["panel"]
    panel: Panel = LedcalPanel.open(bench_bus, said["resource"], said["serial"])
    yield panel
    panel.dark()
    panel.close()


def _light(panel: Panel, channel: int = 2) -> None:
    panel.set_drive_code(channel, 40000)
    panel.set_output(channel, True)


def test_light_and_dark_are_what_the_bench_sees(panel: Panel, truth: Truth) -> None:
    _light(panel)
    assert panel.drive_code(2) == 40000
    assert panel.output(2)
    lit = truth({"ask": "state"})
    assert not lit["dark"]
    assert lit["irradiance_w_m2"]["2"] > 10
    seen = panel.read()
    assert seen.current_a[2] > 0
    assert seen.current_a[1] == 0
    assert 15 < seen.board_degc < 60
    panel.dark()
    assert truth({"ask": "state"})["dark"]
    assert not panel.output(2)
    assert panel.drive_code(2) == 0


def test_opening_makes_a_lit_panel_dark(
    panel: Panel, truth: Truth, bench: dict[str, Any], bench_bus: Bus
) -> None:
    _light(panel)
    panel.close()
    again = LedcalPanel.open(bench_bus, panel.resource_name, panel.identity.serial)
    assert truth({"ask": "state"})["dark"]
    again.check_trips()
    again.close()


@pytest.fixture
def tripped(panel: Panel, truth: Truth) -> Panel:
    """A panel that was lit and then left alone until its watchdog made it dark."""
    panel.set_watchdog_s(0.5)
    _light(panel)
    end_s = time.monotonic() + 30
    while not truth({"ask": "state"})["dark"]:
        assert time.monotonic() < end_s
    return panel


def test_silence_trips_the_watchdog_and_the_cause_is_named(tripped: Panel) -> None:
    with pytest.raises(PanelTripped, match="watchdog; remove") as error:
        tripped.check_trips()
    assert error.value.cause == "watchdog"
    tripped.check_trips()


def test_trip_that_shows_after_a_setting_is_a_trip(tripped: Panel) -> None:
    with pytest.raises(PanelTripped, match="watchdog"):
        tripped.set_drive_code(3, 1000)


def test_trip_is_still_told_after_the_panel_was_made_dark(tripped: Panel) -> None:
    tripped.dark()
    with pytest.raises(PanelTripped, match="watchdog"):
        tripped.check_trips()


def test_keep_alive_from_another_thread_keeps_the_light_on(panel: Panel, bench_bus: Bus) -> None:
    panel.set_watchdog_s(40.0)
    _light(panel)
    stop = threading.Event()

    def keep() -> None:
        while not stop.wait(bench_bus.clock.wall_s(2.0)):
            panel.keep_alive()

    thread = threading.Thread(target=keep)
    thread.start()
    try:
        codes = {panel.drive_code(2) for _ in range(200)}
        bench_bus.clock.sleep(60.0)
    finally:
        stop.set()
        thread.join()
    assert codes == {40000}
    panel.check_trips()
    assert panel.output(2)


def test_refused_file_names_the_loaders_error(panel: Panel) -> None:
    before = (panel.read_back(), panel.sequence(), panel.calibration_state())
    with pytest.raises(CalibrationRefused, match="refused the calibration file: SIZE") as error:
        panel.load_calibration(b"\n" * 50)
    assert error.value.name == "SIZE"
    assert (panel.read_back(), panel.sequence(), panel.calibration_state()) == before


def test_accepted_file_is_kept_byte_for_byte_and_used(
    panel: Panel, truth: Truth, calibration_file: Callable[[Panel, int], bytes]
) -> None:
    file = calibration_file(panel, 7)
    panel.load_calibration(file)
    assert panel.read_back() == file
    assert panel.sequence() == 7
    assert panel.calibration_state()[0] == 0
    panel.set_irradiance_w_m2(3, 100.0)
    panel.set_output(3, True)
    assert panel.drive_code(3) == pytest.approx(65535 / 2, abs=1)
    assert truth({"ask": "state"})["irradiance_w_m2"]["3"] > 1
    with pytest.raises(DeviceError, match=r"-222, .*CEILING"):
        panel.set_irradiance_w_m2(3, 150.01)
    with pytest.raises(CalibrationRefused, match="SEQ"):
        panel.load_calibration(calibration_file(panel, 6))
    assert panel.read_back() == file


def test_fan_that_stalls_trips_the_panel(panel: Panel, truth: Truth) -> None:
    def light_until_it_trips() -> None:
        panel.set_watchdog_s(0)
        for channel in panel.channels():
            panel.set_drive_code(channel, 65535)
            panel.set_output(channel, True)
        end_s = time.monotonic() + 30
        while time.monotonic() < end_s:
            panel.check_trips()

    truth({"set": "fan_stalled", "value": True})
    try:
        with pytest.raises(PanelTripped, match="fan stalled"):
            light_until_it_trips()
        assert truth({"ask": "state"})["dark"]
    finally:
        truth({"set": "fan_stalled", "value": False})


def test_erased_panel_has_no_calibration(panel: Panel) -> None:
    panel.erase_calibration()
    assert panel.read_back() == b""
    assert panel.sequence() == 0
    assert panel.calibration_state()[0] != 0


def test_request_without_calibration_is_refused(panel: Panel) -> None:
    with pytest.raises(DeviceError, match="-221"):
        panel.set_irradiance_w_m2(1, 10.0)


def test_second_serial_number_is_refused(panel: Panel) -> None:
    with pytest.raises(DeviceError, match="-221"):
        panel.write_serial("OTHER-1")
    assert panel.identity.serial != "OTHER-1"


@pytest.mark.parametrize("serial", ["", "A B", 'A"B', "x" * 17, "ä", "A\nB"])
def test_impossible_serial_number_is_loud(serial: str, panel: Panel) -> None:
    with pytest.raises(ValueError, match="printable"):
        panel.write_serial(serial)


def test_what_is_outside_the_panel_is_loud(panel: Panel) -> None:
    for channel in (0, 6):
        with pytest.raises(ValueError, match="none of"):
            panel.set_drive_code(channel, 0)
    for code in (-1, 65536):
        with pytest.raises(ValueError, match="outside 0 to 65535"):
            panel.set_drive_code(1, code)
    for watchdog_s in (0.4, 61.0, -1.0, float("nan")):
        with pytest.raises(ValueError, match="watchdog"):
            panel.set_watchdog_s(watchdog_s)


def test_another_panel_is_refused(bench: dict[str, Any], bench_bus: Bus) -> None:
    said = bench["instruments"]["panel"]
    with pytest.raises(WrongInstrument, match=f"expected X-1, found {said['serial']}"):
        LedcalPanel.open(bench_bus, said["resource"], "X-1")


class Firmware:
    """A panel of a few lines: gates and drive codes of two channels."""

    def __init__(self, **odd: bytes) -> None:
        self.gate, self.code, self.serial = {1: 0, 2: 0}, {1: 0, 2: 0}, NO_SERIAL
        self.errors: list[bytes] = []
        self.odd = {key.encode(): value for key, value in odd.items()}
        self.deaf = False

    def answer(self, line: bytes) -> bytes | None:
        head, _, value = line.partition(b" ")
        fixed = {
            b"*IDN?": f"Ledcal,LT2,{self.serial},1.0.0\n".encode(),
            b"CHAN:CAT?": b'"660","850"\n',
            b"*ESR?": b"0\n",
        } | self.odd
        if head == b"SYST:ERR?":
            return self.errors.pop(0) if self.errors else b'0,"No error"\n'
        if line == b"OUTP:ALL OFF" and not self.deaf:
            self.gate = dict.fromkeys(self.gate, 0)
        elif head == b"SYST:SER":
            self.serial = value.decode().strip('"')
        elif head.startswith(b"OUTP") and head.endswith(b"?"):
            return b"%d\n" % self.gate[int(head[4:5])]
        elif head.endswith(b":DRIV?"):
            return b"%d\n" % self.code[int(head[4:5])]
        elif head.startswith(b"OUTP") and head[4:].isdigit():
            self.gate[int(head[4:])] = int(value == b"ON")
        return fixed.get(head)


@pytest.fixture
def opened(serve: Any, bus: Bus) -> Callable[[Firmware], LedcalPanel]:
    return lambda firmware: LedcalPanel.open(
        bus, serve("pty", firmware.answer).resource, "LT-0007"
    )


Opened = Callable[[Firmware], LedcalPanel]


def test_panel_without_a_serial_number_gets_one(opened: Opened) -> None:
    panel = opened(Firmware(**{"SYST:BOOT?": b"?\n"}))
    assert panel.identity.serial == NO_SERIAL
    panel.write_serial("LT-0007")
    assert panel.identity.serial == "LT-0007"
    # The identity by which the link finds its way back after a failure is the new one.
    with pytest.raises(ReplyError):
        panel.boot_count()
    panel.check_trips()


def test_a_reading_is_of_the_time_of_the_boards_temperature(serve: Any, bus: Bus) -> None:
    fixed = {"MEAS:TEMP?": b"38.5\n", "MEAS:CURR1?": b"0.4\n", "MEAS:CURR2?": b"0\n"}
    firmware = Firmware(**fixed, **{"MEAS:FAN?": b"2400\n"})
    answered: dict[bytes, datetime] = {}

    def answer(line: bytes) -> bytes | None:
        answered[line] = datetime.now(UTC)
        return firmware.answer(line)

    panel = LedcalPanel.open(bus, serve("pty", answer).resource, "LT-0007")
    seen = panel.read()
    assert answered[b"MEAS:TEMP?"] <= seen.at <= answered[b"MEAS:CURR1?"]


def test_panel_that_stays_lit_is_told(opened: Opened) -> None:
    firmware = Firmware()
    panel = opened(firmware)
    panel.set_output(2, True)
    firmware.deaf = True
    with pytest.raises(
        NotDark, match=r"does not go dark \(gate 2 is open\): take it off the mains"
    ):
        panel.dark()


def test_dark_works_when_the_link_lost_its_step(opened: Opened) -> None:
    firmware = Firmware(**{"SYST:BOOT?": b"\xff\xff\n"})
    panel = opened(firmware)
    panel.set_output(1, True)
    with pytest.raises(ReplyError):
        panel.boot_count()
    panel.dark()
    assert firmware.gate == {1: 0, 2: 0}


def test_dead_panel_cannot_be_shown_dark(serve: Any, bus: Bus) -> None:
    peer = serve("pty", Firmware().answer)
    panel = LedcalPanel.open(bus, peer.resource, "LT-0007")
    peer.hang_up()
    with pytest.raises(NotDark, match="take it off the mains now"):
        panel.dark()
    with pytest.raises(LinkLost):
        panel.keep_alive()


def test_boot_is_a_trip_without_an_entry(opened: Opened) -> None:
    panel = opened(Firmware(**{"*ESR?": b"128\n"}))
    with pytest.raises(PanelTripped, match="rebooted") as error:
        panel.check_trips()
    assert error.value.cause == "rebooted"


@pytest.mark.parametrize("cause", ["over temperature", "fan stalled", "watchdog"])
def test_trip_behind_another_entry_is_found(cause: str, opened: Opened) -> None:
    firmware = Firmware()
    panel = opened(firmware)
    firmware.errors = [b'-113,"Undefined header"\n', f'-240,"Hardware error; {cause}"\n'.encode()]
    with pytest.raises(PanelTripped, match=cause):
        panel.set_output(1, True)
