from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledcal.calibration.codec import encode, key_id
from ledcal.calibration.firmware import LoaderError
from ledcal.calibration.panel_calibration import ChannelTable, PanelCalibration
from ledcal.instruments.virtual.panel_firmware import PanelFirmware
from ledcal.instruments.virtual.world import LONGEST_STEP_S, World

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
FULL_CENTI_W_M2 = (8000, 15000, 12500, 10000, 17000)


class Head:
    """A panel without protocol: world, firmware and what it reported."""

    def __init__(self, *, production: bool = False) -> None:
        self.world = World(1)
        self.firmware = PanelFirmware(
            self.world, serial="P1", seed=1, public_keys=[PUBLIC], production=production
        )
        self.reports: list[tuple[int, str]] = []
        self.firmware.report = lambda code, detail: self.reports.append((code, detail))

    def let_pass(self, duration_s: float) -> None:
        end_s = self.world.time_s + duration_s
        while (left_s := end_s - self.world.time_s) > 1e-9:
            due_s = self.firmware.due_s - self.world.time_s
            step_s = min(left_s, LONGEST_STEP_S)
            self.world.step(due_s if 1e-6 < due_s < step_s else step_s)
            self.firmware.tick()

    def light_all(self, code: int = 65535) -> None:
        for channel in range(1, 6):
            self.firmware.set_drive_code(channel, code)
            self.firmware.set_gate(channel, True)

    def file(self, sequence: int, *, flags: int = 1, t_max_degc: int = 70) -> bytes:
        tables = tuple(
            ChannelTable(
                channel=channel,
                centroid_dnm=6300 + channel,
                t_ref=40 * 256,
                t_min=10 * 256,
                t_max=t_max_degc * 256,
                u_rel=300,
                ceiling=full * 3 // 4,
                b1=0,
                b2=0,
                irradiance=(100, full),
                drive=(700, 60000),
            )
            for channel, full in enumerate(FULL_CENTI_W_M2, start=1)
        )
        calibration = PanelCalibration(
            flags=flags,
            uid=self.firmware.uid,
            serial="P1",
            product_code=4201,
            hardware_revision=1,
            drive_epoch=1,
            sequence=sequence,
            issued_at=1_800_000_000,
            valid_until_hours=5000,
            hours_at_calibration=3,
            record_sha256=bytes(32),
            distance_mm=150,
            geometry_id=1,
            channels=tables,
        )
        return encode(calibration, key_id=key_id(PUBLIC), sign=KEY.sign)


@pytest.fixture
def head() -> Head:
    return Head()


def test_boot_comes_up_dark_with_gates_closed(head: Head) -> None:
    assert head.world.drive_code == [0] * 5
    assert head.firmware.gates == [False] * 5
    assert head.reports == []


def test_light_needs_code_and_gate(head: Head) -> None:
    head.firmware.set_drive_code(2, 30000)
    assert head.world.drive_code == [0] * 5
    head.firmware.set_gate(2, True)
    assert head.world.drive_code == [0, 30000, 0, 0, 0]


def test_the_watchdog_trips_at_its_own_time_and_once(head: Head) -> None:
    head.firmware.set_watchdog_s(1.5)
    head.firmware.hear(0.0)
    head.light_all()
    head.let_pass(1.49)
    assert head.reports == []
    head.let_pass(5.0)
    assert head.reports == [(-240, "watchdog")]
    assert head.world.drive_code == [0] * 5
    assert head.firmware.gates == [False] * 5


def test_messages_keep_the_watchdog_quiet(head: Head) -> None:
    head.firmware.set_watchdog_s(1.5)
    head.light_all()
    for _ in range(10):
        head.firmware.hear(head.world.time_s)
        head.let_pass(1.0)
    assert head.reports == []


def test_a_bench_that_stood_still_is_no_silence(head: Head) -> None:
    head.firmware.set_watchdog_s(1.5)
    head.firmware.hear(0.0)
    head.light_all()
    head.firmware.forgive_silence(10.0)
    head.let_pass(10.0)
    assert head.reports == []


def test_a_fast_bench_gives_the_host_a_second_of_the_wall_clock() -> None:
    world = World(1)
    firmware = PanelFirmware(world, serial="P1", seed=1, speed=20.0)
    firmware.set_watchdog_s(1.5)
    firmware.hear(0.0)
    assert firmware.due_s <= 1.0
    world.time_s = 19.9
    firmware.tick()
    reports: list[str] = []
    firmware.report = lambda code, detail: reports.append(detail)
    firmware.tick()
    assert reports == []
    world.time_s = 20.0
    firmware.tick()
    assert reports == ["watchdog"]


def test_over_temperature_trips(head: Head) -> None:
    head.light_all(1000)
    head.world.heat.board_degc = head.world.heat.heatsink_degc = 86.5
    head.let_pass(0.1)
    assert head.reports == [(-240, "over temperature")]
    assert head.world.drive_code == [0] * 5


@pytest.mark.parametrize(("code", "trips"), [(32000, False), (33000, True)])
def test_a_stalled_fan_trips_above_half_of_full_drive(code: int, trips: bool) -> None:
    head = Head()
    head.world.heat.fan_stalled = True
    head.light_all(code)
    head.let_pass(0.1)
    assert head.reports == ([(-240, "fan stalled")] if trips else [])
    assert head.firmware.fan_rpm() == 0.0


def test_calibrated_mode_needs_a_calibration(head: Head) -> None:
    head.firmware.set_irradiance_w_m2(1, 10.0)
    assert head.reports == [(-221, "")]
    assert head.firmware.codes[0] == 0


def test_calibrated_mode_drives_by_the_loaded_table(head: Head) -> None:
    head.firmware.load(head.file(1))
    head.firmware.set_irradiance_w_m2(1, 40.0)
    # Linear between (1.00 W/m2, 700) and (80.00 W/m2, 60000) at any temperature.
    assert head.firmware.codes[0] == round(700 + (4000 - 100) * 59300 / 7900)
    assert head.firmware.requests_w_m2[0] == 40.0
    head.firmware.set_drive_code(1, 5)
    assert head.firmware.requests_w_m2[0] is None


def test_a_request_above_the_ceiling_is_refused_by_name(head: Head) -> None:
    head.firmware.load(head.file(1))
    head.firmware.set_gate(1, True)
    head.firmware.set_irradiance_w_m2(1, 70.0)
    assert head.reports == [(-222, "CEILING")]
    assert head.world.drive_code == [0] * 5
    assert head.firmware.gates[0]


def test_the_look_up_is_done_again_each_second(head: Head) -> None:
    head.firmware.load(head.file(1, t_max_degc=45))
    head.firmware.set_gate(1, True)
    head.firmware.set_irradiance_w_m2(1, 40.0)
    head.world.heat.board_degc = 47.0
    head.let_pass(1.1)
    assert head.reports == [(-222, "TEMP")]
    assert head.firmware.codes[0] == 0
    assert head.firmware.requests_w_m2[0] is None
    assert head.firmware.gates[0], "the gate stays as it is"


@pytest.mark.parametrize(
    ("damage", "name"),
    [
        (lambda file: b"", "SIZE"),
        (lambda file: b"garbage\n" * 40, "MAGIC"),
        (lambda file: file[:-1], "LAYOUT"),
        (lambda file: file[:200] + bytes([file[200] ^ 1]) + file[201:], "CRC"),
    ],
)
def test_a_refused_file_leaves_the_old_one(
    head: Head, damage: Callable[[bytes], bytes], name: str
) -> None:
    first = head.file(1)
    head.firmware.load(first)
    with pytest.raises(LoaderError) as refusal:
        head.firmware.load(damage(head.file(2)))
    assert refusal.value.name in (name, "SIZE", "LAYOUT")
    assert head.firmware.loaded is not None
    assert head.firmware.loaded.file == first
    assert head.firmware.calibration_state() == (0, "OK")


def test_a_lower_sequence_is_refused_and_the_same_file_is_not(head: Head) -> None:
    head.firmware.load(head.file(5))
    head.firmware.load(head.file(5))
    with pytest.raises(LoaderError) as refusal:
        head.firmware.load(head.file(4))
    assert refusal.value.name == "SEQ"


def test_the_highest_sequence_survives_erasing(head: Head) -> None:
    head.firmware.load(head.file(5))
    head.firmware.set_irradiance_w_m2(1, 40.0)
    head.firmware.erase()
    assert head.firmware.loaded is None
    assert head.firmware.codes[0] == 0
    assert head.firmware.calibration_state()[0] != 0
    with pytest.raises(LoaderError):
        head.firmware.load(head.file(4))
    head.firmware.load(head.file(6))


def test_a_boot_uses_the_file_in_use_after_a_torn_write(head: Head) -> None:
    for sequence in (1, 2, 3):
        head.firmware.load(head.file(sequence))
    assert [file is not None for file in head.firmware.slots] == [True, True]
    older = 1 - head.firmware.slots.index(head.file(3))
    head.firmware.slots[older] = head.file(4)[:100]
    head.firmware.boot()
    assert head.firmware.loaded is not None
    assert head.firmware.loaded.sequence == 3
    assert head.firmware.boot_count == 2


@pytest.mark.parametrize("unwritten", ["erased", "zeroed", "old"])
@pytest.mark.parametrize("earlier", [1, 3], ids=["empty slot", "both slots used"])
def test_power_loss_at_any_byte_of_a_slot_leaves_a_whole_file(
    head: Head, unwritten: str, earlier: int
) -> None:
    files = [head.file(sequence) for sequence in range(1, earlier + 1)]
    for file in files:
        head.firmware.load(file)
    old, new, later = files[-1], head.file(earlier + 1), head.file(earlier + 2)
    before = (list(head.firmware.slots), head.firmware.loaded, head.firmware.highest_sequence)
    head.firmware.unwritten = unwritten
    for written in range(len(new) + 1):
        slots, head.firmware.loaded, head.firmware.highest_sequence = before
        head.firmware.slots = list(slots)
        head.light_all()
        boots = head.firmware.boot_count
        head.firmware.power_loss_at_byte = written
        head.firmware.load(new)
        assert head.firmware.boot_count == boots + 1
        assert not any(head.world.drive_code)
        assert not any(head.firmware.gates)
        # The signature ends the file: but for the last byte, the new one is not there.
        in_use = old if written < len(new) else new
        assert head.firmware.loaded is not None, written
        assert head.firmware.loaded.file == in_use, written
        assert head.firmware.calibration_state() == (0, "OK")
        head.firmware.load(later)
        assert head.firmware.loaded.file == later
        assert in_use in head.firmware.slots or written == len(new)


def test_power_loss_in_the_first_file_leaves_none(head: Head) -> None:
    file = head.file(1)
    for written in range(len(file)):
        head.firmware.power_loss_at_byte = written
        head.firmware.load(file)
        assert head.firmware.loaded is None, written
        assert head.firmware.calibration_state()[0] != 0
    head.firmware.load(file)
    assert head.firmware.loaded is not None


def test_power_fails_once_and_only_within_the_file(head: Head) -> None:
    head.firmware.power_loss_at_byte = len(head.file(1)) + 1
    head.firmware.load(head.file(1))
    head.firmware.load(head.file(2))
    assert head.firmware.boot_count == 1


def test_an_older_file_is_refused_after_power_failed_behind_the_last_byte(head: Head) -> None:
    head.firmware.load(head.file(1))
    head.firmware.power_loss_at_byte = len(head.file(7))
    head.firmware.load(head.file(7))
    with pytest.raises(LoaderError) as refusal:
        head.firmware.load(head.file(6))
    assert refusal.value.name == "SEQ"


def test_a_boot_does_not_go_back_to_an_older_file(head: Head) -> None:
    for sequence in (1, 2):
        head.firmware.load(head.file(sequence))
    newest = head.firmware.slots.index(head.file(2))
    head.firmware.slots[newest] = bytes(500)
    head.firmware.boot()
    assert head.firmware.loaded is None
    assert head.firmware.calibration_state()[1] != "OK"


def test_a_production_head_refuses_a_simulated_file() -> None:
    head = Head(production=True)
    with pytest.raises(LoaderError) as refusal:
        head.firmware.load(head.file(1, flags=1))
    assert refusal.value.name == "FLAGS"
    head.firmware.load(head.file(1, flags=0))
