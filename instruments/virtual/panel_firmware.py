"""The virtual panel's firmware: gates, trips, calibrated mode, two slots for calibration files.

It is the panel's other half: the protocol (`panel.py`) asks it, the world carries its drive codes
to the LEDs. Calibration files are opened by the C loader that panels are shipped with.
"""

import hashlib
import math
from collections.abc import Callable, Sequence

import numpy as np

from ledcal.calibration.firmware import (
    ERASED,
    ERROR_NAMES,
    SLOT_SIZE,
    Expectation,
    LoaderError,
    Slots,
    open_file,
    round_irradiance,
    round_temperature,
)
from ledcal.instruments.virtual.firmware_loading import Loading
from ledcal.instruments.virtual.world import World

PRODUCT_CODE, HARDWARE_REVISION, DRIVE_EPOCH = 4201, 1, 1
DISTANCE_MM, GEOMETRY_ID = 150, 1
FULL_DRIVE = 65535
HOTTEST_DEGC = 85.0
LOOK_UP_PERIOD_S = 1.0
ON_HOURS = 3
FAN_RPM = 2400.0
SLOWEST_JITTER_WALL_S = 1.0
"""Silence shorter than this on the wall clock is scheduling, however fast the bench runs."""


class PanelFirmware:
    """Everything the panel decides by itself.

    Attributes:
        report: Takes each error queue entry (SCPI number, detail); set by the protocol.
        booted: Called at each boot; set by the protocol.
        power_loss_at_byte: The power fails once when so many bytes of a file are in its slot.
        unwritten: What a torn slot holds where nothing was written yet: erased, zeroed or old.
        hung: Its protocol answers nothing any more; its watchdog still runs.
        fan_watched: It trips when the fan stands still.
        loading: What else goes wrong while a file is loaded.
    """

    def __init__(
        self,
        world: World,
        *,
        serial: str,
        seed: int,
        speed: float = 1.0,
        public_keys: Sequence[bytes] = (),
        production: bool = False,
    ) -> None:
        """Build the head; `boot` starts it.

        Args:
            world: Where its LEDs shine.
            serial: Panel serial, "NONE" for a panel that never had one.
            seed: Goes into the unique id with the serial.
            speed: Bench seconds in a second of the wall clock.
            public_keys: Raw Ed25519 keys that are built into the firmware.
            production: Refuse files marked as simulated or engineering.
        """
        self.world = world
        self.serial = serial
        self.uid = hashlib.sha256(f"{serial}/{seed}".encode()).digest()[:16]
        self.public_keys = tuple(public_keys)
        self.production = production
        self.report: Callable[[int, str], None] = lambda code, detail: None
        self.booted: Callable[[], None] = lambda: None
        self.boot_count = 0
        self.slots = Slots()
        self.highest_sequence = 0
        self.power_loss_at_byte: int | None = None
        self.unwritten = "erased"
        self.hung = False
        self.fan_watched = True
        self.loading = Loading()
        self._shortest_silence_s = SLOWEST_JITTER_WALL_S * speed
        self._noise = np.random.default_rng([seed, 5])
        self.boot()

    def boot(self) -> None:
        """Start: dark, gates off, watchdog off, the newest valid slot in use."""
        self.boot_count += 1
        self.booted_s = self.world.time_s
        channels = len(self.world.emitters)
        self.codes = [0] * channels
        self.requests_w_m2: list[float | None] = [None] * channels
        self.gates = [False] * channels
        self.watchdog_s = 0.0
        self._heard_s = self.world.time_s
        self._look_up_s = self.world.time_s + LOOK_UP_PERIOD_S
        self.slots.boot(self._expectation(None))
        self.loaded = self.slots.in_use
        # The power may have failed between the last byte of a file and this note of it.
        self.highest_sequence = max(self.highest_sequence, self.slots.sequence)
        self._drive()
        self.booted()

    @property
    def due_s(self) -> float:
        """Bench time of the next event: a look-up or the watchdog's end. [s]"""
        return min(self._look_up_s, self._silence_ends_s())

    def tick(self) -> None:
        """Do what is due at the world's present time."""
        now_s = self.world.time_s
        if now_s >= self._silence_ends_s() - 1e-9:
            # Once: the next message arms the watchdog again.
            self._heard_s = math.inf
            self._trip("watchdog")
        if self._lit() and self.ntc_degc() > HOTTEST_DEGC:
            self._trip("over temperature")
        half = FULL_DRIVE * len(self.codes) / 2.0
        if self.fan_watched and self.world.heat.fan_stalled and self._lit() > half:
            self._trip("fan stalled")
        if now_s >= self._look_up_s - 1e-9:
            self._look_up_s += LOOK_UP_PERIOD_S
            for index, request_w_m2 in enumerate(self.requests_w_m2):
                if request_w_m2 is not None:
                    self._look_up(index, request_w_m2)
            self._drive()

    def hear(self, now_s: float) -> None:
        """Note that a message has come."""
        if not self.hung:
            self._heard_s = now_s

    def forgive_silence(self, duration_s: float) -> None:
        """Leave a span out of the watchdog's time: the emulation stood still in it."""
        self._heard_s += duration_s

    def set_watchdog_s(self, timeout_s: float) -> None:
        """Set the communication watchdog; 0 is off. [s]"""
        self.watchdog_s = timeout_s

    def set_drive_code(self, channel: int, code: int) -> None:
        """Set a raw drive code; calibrated mode of the channel ends."""
        self.requests_w_m2[channel - 1] = None
        self.codes[channel - 1] = code
        self._drive()

    def set_irradiance_w_m2(self, channel: int, irradiance_w_m2: float) -> None:
        """Ask for an irradiance by the loaded calibration. [W/m2]"""
        self.requests_w_m2[channel - 1] = irradiance_w_m2
        self._look_up(channel - 1, irradiance_w_m2)
        self._drive()

    def set_gate(self, channel: int, on: bool) -> None:
        """Open or close a channel's gate."""
        self.gates[channel - 1] = on
        self._drive()

    def reset(self) -> None:
        """All channels dark, drive 0, calibrated mode off; the calibration stays."""
        self._dark()

    def ntc_degc(self) -> float:
        """Return the board's temperature by the panel's own sensor. [degC]"""
        noise_k = float(self._noise.normal(0.0, 0.02))
        return self.world.heat.board_degc + self.world.ntc_offset_k + noise_k

    def current_a(self, channel: int) -> float:
        """Return the LED current of a channel, 0 when dark. [A]"""
        emitter = self.world.emitters[channel - 1]
        code = self.world.drive_code[channel - 1]
        return emitter.current_a * emitter.current_fraction(code)

    def fan_rpm(self) -> float:
        """Return the fan's speed: it runs when any channel is lit. [1/min]"""
        if self.world.heat.fan_stalled or not self._lit():
            return 0.0
        return FAN_RPM + float(self._noise.normal(0.0, 10.0))

    def load(self, file: bytes) -> None:
        """Check a file by the loader, write it to the spare slot and switch to it.

        Power that fails while the slot is written makes the panel boot with what is in its slots.

        Raises:
            LoaderError: the loader refuses it; the old calibration stays.
        """
        board = self._expectation(self._file_in_use())
        if self.loading.opened(lambda: open_file(file, board)) is None:
            return
        spare = self.slots.spare
        written, self.power_loss_at_byte = self.power_loss_at_byte, None
        if written is not None and written <= len(file):
            unwritten = self._before_writing(self.slots.read(spare))
            self.slots.write(spare, file[:written] + unwritten[written:])
            self.boot()
            return
        self.slots.write(spare, file + ERASED[len(file) :])
        self.slots.switch(len(file), board)
        self.loaded = self.slots.in_use
        self.highest_sequence = max(self.highest_sequence, self.slots.sequence)
        self.uid = self.loading.head_after(self.uid)

    def _before_writing(self, old: bytes) -> bytes:
        """Return a slot as it is before a byte of the new file is in it."""
        return {"erased": ERASED, "zeroed": bytes(SLOT_SIZE), "old": old}[self.unwritten]

    def erase(self) -> None:
        """Empty both slots; the highest sequence number stays."""
        self.slots.erase()
        self.loaded = None
        for index, request_w_m2 in enumerate(self.requests_w_m2):
            if request_w_m2 is not None:
                self._abandon(index)
        self._drive()

    def calibration_state(self) -> tuple[int, str]:
        """Check the file in use again; return the loader's number and name, 0 when valid."""
        try:
            in_use = self._file_in_use()
            open_file(in_use or b"", self._expectation(in_use))
        except LoaderError as error:
            return error.code, error.name
        return 0, ERROR_NAMES[0]

    def _expectation(self, file_in_use: bytes | None) -> Expectation:
        return Expectation(
            uid=self.uid,
            product_code=PRODUCT_CODE,
            hardware_revision=HARDWARE_REVISION,
            drive_epoch=DRIVE_EPOCH,
            distance_mm=DISTANCE_MM,
            geometry_id=GEOMETRY_ID,
            n_channels=len(self.codes),
            highest_sequence=self.highest_sequence,
            file_in_use=file_in_use,
            on_hours=ON_HOURS,
            allowed_flags=0 if self.production else 3,
            public_keys=self.public_keys,
        )

    def _file_in_use(self) -> bytes | None:
        return None if self.loaded is None else self.loaded.file

    def _silence_ends_s(self) -> float:
        if self.watchdog_s == 0.0:
            return math.inf
        return self._heard_s + max(self.watchdog_s, self._shortest_silence_s)

    def _look_up(self, index: int, request_w_m2: float) -> None:
        if self.loaded is None:
            self._abandon(index)
            self.report(-221, "")
            return
        try:
            self.codes[index] = self.loaded.drive(
                index + 1, round_irradiance(request_w_m2), round_temperature(self.ntc_degc())
            )
        except LoaderError as error:
            self._abandon(index)
            self.report(-222, error.name)

    def _abandon(self, index: int) -> None:
        """Leave calibrated mode with code 0; the gate stays as it is."""
        self.requests_w_m2[index] = None
        self.codes[index] = 0

    def _trip(self, cause: str) -> None:
        self._dark()
        self.report(-240, cause)

    def _dark(self) -> None:
        self.codes = [0] * len(self.codes)
        self.requests_w_m2 = [None] * len(self.codes)
        self.gates = [False] * len(self.codes)
        self._drive()

    def _lit(self) -> int:
        """Return the sum of the drive codes that reach LEDs."""
        return sum(self.world.drive_code)

    def _drive(self) -> None:
        self.world.drive_code = [
            code if gate else 0 for code, gate in zip(self.codes, self.gates, strict=True)
        ]
