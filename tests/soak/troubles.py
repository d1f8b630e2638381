"""What a soak strikes a run with: each trouble, its moment, and the outcomes that are right.

An outcome is right when it blames who is to blame: STATION and SETUP the bench and its place, FAIL
the panel, ABORTED nobody. PASS is right where the trouble may come too late, or may be survived;
it is then held against the true light of the panel.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ledcal.calibration.outcome import Outcome

BENCH = frozenset({Outcome.PASS, Outcome.STATION})
PLACE = frozenset({Outcome.PASS, Outcome.SETUP, Outcome.STATION})
PANEL = frozenset({Outcome.PASS, Outcome.FAIL})
UNHARMED = frozenset({Outcome.PASS})
FAILED = frozenset({Outcome.FAIL})
LOAD_FAILED = frozenset({Outcome.FAIL, Outcome.SETUP, Outcome.ABORTED})
BROKEN_OFF = frozenset({Outcome.PASS, Outcome.ABORTED})
LINE_OF_THE_PANEL = BENCH | BROKEN_OFF

By = Literal["bench", "kill", "stop", "file limit", "blocked folder", "clock", "nobody"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One thing that goes wrong.

    Attributes:
        name: What it is called in the table.
        by: Who strikes: the bench's fault plan, a signal, the host's limits, its clock.
        right: Outcomes that are right.
        fault: Keys of the bench's fault; without a trigger it is struck at a random bench time.
        commands: With a command as trigger: it is struck at a random one of so many.
        victim: Process that gets the signal: child, command or bench.
        step_s: By how much the wall clock steps. [s]
        sealed: False where nobody is left, or nothing can be written, to seal the run.
    """

    name: str
    by: By
    right: frozenset[Outcome]
    fault: Mapping[str, Any] = field(default_factory=dict)
    commands: int = 0
    victim: str = ""
    step_s: int = 0
    sealed: bool = True


def _line(name: str, fault: str, value: Any, on: str, command: str, commands: int) -> Trouble:
    return Trouble(
        name=f"{name}: {on.replace('_', ' ')}",
        by="bench",
        right=LINE_OF_THE_PANEL if on == "panel" else BENCH,
        fault={"fault": fault, "value": value, "on": on, "command": command},
        commands=commands,
    )


def _world(name: str, fault: str, value: Any, right: frozenset[Outcome], **more: Any) -> Trouble:
    return Trouble(
        name=name, by="bench", right=right, fault={"fault": fault, "value": value, **more}
    )


LINES = (
    ("power_meter", "READ?", 250),
    ("spectrometer", "*MEAS:SPRAD", 60),
    ("thermocouple_logger", "READ?", 150),
    ("panel", "SYST:TEMP?", 150),
)
"""Instrument, a command of its, and about how many of these a run sends."""
REPLIES = (
    ("late reply", "late_reply", 2.6),
    ("half a reply", "half_reply", True),
    ("no reply", "no_reply", True),
    ("noise before a reply", "garbage_before", "ff0041"),
    ("noise in a reply", "garbage_inside", "fe41"),
    ("reply sent twice", "duplicate_reply", True),
    ("connection dropped", "dropped_connection", 3),
)
TROUBLES = (
    Trouble(name="nothing", by="nobody", right=frozenset({Outcome.PASS})),
    *(
        _line(name, fault, value, on, command, commands)
        for name, fault, value in REPLIES
        for on, command, commands in LINES
    ),
    *(
        _world(
            f"{name}: {on.replace('_', ' ')}",
            fault,
            value,
            LINE_OF_THE_PANEL if on == "panel" else BENCH,
            on=on,
            **more,
        )
        for on, _, _ in LINES
        for name, fault, value, more in (
            ("stalled for good", "stalled", True, {}),
            ("stalled for a moment", "stalled", True, {"for_s": 30.0}),
            ("switched off and on", "power_off", True, {"for_s": 60.0}),
        )
    ),
    _world("slow start: spectrometer", "power_off", True, BENCH, on="spectrometer", at_s=0.0),
    _world("idle connection closed: spectrometer", "idle_close", 1.0, BENCH, on="spectrometer"),
    _world("idle connection closed: logger", "idle_close", 1.0, BENCH, on="thermocouple_logger"),
    _world("other instrument after a drop", "other_instrument", "X1", BENCH, on="power_meter"),
    _world("cap on the head", "capped", True, PLACE),
    _world("cover opened", "ambient_w_m2", 5.0, PLACE),
    _world("room too warm", "ambient_degc", 33.0, PLACE),
    _world("thermocouple open: heatsink", "open_thermocouple", "heatsink", BENCH),
    _world("thermocouple open: ambient", "open_thermocouple", "ambient", BENCH),
    _world("thermocouple off: heatsink", "detached_thermocouple", "heatsink", BENCH),
    _world("thermocouple breaks: surface", "breaking_thermocouple", "surface", BENCH),
    _world("meter's wavelength falls back", "meter_nm", 635.0, BENCH),
    _world("meter's range is held too low", "meter_range_w", 5e-4, BENCH),
    _world("spectrometer saturates early", "spectrometer_saturates_at", 1e-4, BENCH),
    _world("lamps that flicker", "flicker", 1.0, PLACE),
    # So far off that no panel of the production is as dim; a shift of a few millimetres is within
    # what panels differ by, and no instrument of the bench tells it (decision 0018).
    _world("panel at another height", "distance_mm", 190.0, frozenset({Outcome.SETUP}), at_s=0.0),
    _world("panel turned", "turned", True, PLACE, at_s=0.0),
    _world("panel knocked", "knock_s", 60.0, PLACE),
    _world("fan stalled", "fan_stalled", True, PANEL),
    # A probe that came off the heatsink looks the same to every sensor; to check it comes first.
    _world("board loose on its heatsink", "board_loose", True, PANEL | BENCH),
    _world("channels 3 and 4 swapped", "channels_swapped", [3, 4], FAILED, at_s=0.0),
    _world("another reel in channel 1", "other_reel", 1, FAILED, at_s=0.0),
    _world("a string of channel 5 cut", "string_cut", 5, FAILED, at_s=0.0),
    _world("panel hangs", "panel_hung", True, LINE_OF_THE_PANEL),
    _world("one load refused", "refused_loads", 1, PANEL, at_s=0.0),
    _world("every load refused", "refused_loads", 9, FAILED, at_s=0.0),
    _world("damaged read-back", "damaged_read_backs", 1, PANEL | BENCH, at_s=0.0),
    _world("the file check is broken", "file_check", "no checksum", FAILED, at_s=0.0),
    _world("another head after the load", "head_after_load", "H2", LOAD_FAILED, at_s=0.0),
    _world("panel restarts", "reboot", True, BROKEN_OFF),
    _world(
        "power lost while the file is written",
        "power_loss_at_byte",
        300,
        frozenset({Outcome.PASS, Outcome.ABORTED, Outcome.FAIL}),
    ),
    Trouble(name="child killed", by="kill", victim="child", right=BROKEN_OFF),
    Trouble(name="command killed", by="kill", victim="command", right=BROKEN_OFF, sealed=False),
    Trouble(name="both killed", by="kill", victim="both", right=BROKEN_OFF, sealed=False),
    # Every line dies at once, and whichever is looked at first is named.
    Trouble(name="bench killed", by="kill", victim="bench", right=BENCH | BROKEN_OFF),
    Trouble(name="child stopped for 1.5 s", by="stop", victim="child", right=BENCH),
    Trouble(name="bench stopped for 1.5 s", by="stop", victim="bench", right=BENCH),
    Trouble(name="clock stepped back by an hour", by="clock", step_s=-3600, right=UNHARMED),
    Trouble(name="clock stepped on by a day", by="clock", step_s=86_400, right=UNHARMED),
    Trouble(
        name="disk full",
        by="file limit",
        right=frozenset({Outcome.STATION, Outcome.ABORTED}),
        sealed=False,
    ),
    Trouble(
        name="data folder cannot be written",
        by="blocked folder",
        right=frozenset({Outcome.STATION}),
        sealed=False,
    ),
)
