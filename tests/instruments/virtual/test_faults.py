"""What a fault may say, and what is refused, key by key."""

from pathlib import Path
from typing import Any

import pytest

from ledcal.instruments.virtual.clock import BenchClock
from ledcal.instruments.virtual.conditions import (
    Condition,
    Conditions,
    attribute,
    boolean,
    event,
    number,
    one_of,
)
from ledcal.instruments.virtual.fault_file import FaultFileError, read_fault_file
from ledcal.instruments.virtual.fault_plan import FaultPlan


class Room:
    """Something that conditions act on."""

    def __init__(self) -> None:
        self.light_w_m2 = 0.1
        self.open = False
        self.boots = 0

    def boot(self) -> None:
        self.boots += 1


class Stopwatch(BenchClock):
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        super().__init__()
        self.seen_s = 0.0

    def now_s(self) -> float:
        return self.seen_s


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.fixture
def clock() -> Stopwatch:
    return Stopwatch()


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def plan(room: Room, clock: Stopwatch, told: list[str]) -> FaultPlan:
    table = {
        "light_w_m2": attribute(room, "light_w_m2", number),
        "open": attribute(room, "open", boolean),
        "boot": event(room.boot),
    }
    return FaultPlan(clock, Conditions(table), told.append)


def add(plan: FaultPlan, **keys: Any) -> None:
    fault, refusals = plan.read(keys)
    assert refusals == []
    assert fault is not None
    plan.add(fault)


def states(plan: FaultPlan) -> list[tuple[str, int]]:
    return [(each["state"], each["struck"]) for each in plan.described()]


def test_condition_strikes_at_its_time_and_ends(
    plan: FaultPlan, room: Room, clock: Stopwatch, told: list[str]
) -> None:
    clock.seen_s = 5.0
    add(plan, fault="light_w_m2", value=3, at_s=10.0, for_s=2.0, then=0.2)
    clock.seen_s = 14.9
    plan.tick()
    assert (room.light_w_m2, states(plan)) == (0.1, [("armed", 0)])
    clock.seen_s = 15.0
    plan.tick()
    assert (room.light_w_m2, states(plan)) == (3.0, [("active", 1)])
    clock.seen_s = 17.0
    plan.tick()
    assert (room.light_w_m2, states(plan)) == (0.2, [("done", 1)])
    assert told == ["fault light_w_m2 = 3", "fault light_w_m2 is over"]


def test_condition_strikes_at_commands_and_a_boolean_is_negated(
    plan: FaultPlan, room: Room, clock: Stopwatch
) -> None:
    add(plan, fault="boot", value=True, on="panel", command="outp1", at_command=2, times=2)
    add(plan, fault="open", value=True, on="panel", command="OUTP", for_s=1.0)
    for message in (b"OUTP1 ON", b"*STB?", b":outp1 off", b"OUTP2 ON"):
        assert plan.heard("panel", message) == []
    assert (room.boots, room.open) == (1, True)
    plan.heard("power_meter", b"OUTP1 ON")
    plan.heard("panel", b"OUTP1 ON")
    plan.heard("panel", b"OUTP1 ON")
    clock.seen_s = 1.0
    plan.tick()
    assert (room.boots, room.open) == (2, False)
    assert states(plan) == [("done", 2), ("done", 1)]


def test_condition_without_a_trigger_strikes_at_once(plan: FaultPlan, room: Room) -> None:
    add(plan, fault="boot", value=True)
    assert room.boots == 1


def test_reply_faults_strike_the_commands_they_name(plan: FaultPlan, clock: Stopwatch) -> None:
    on = "power_meter"
    add(plan, fault="no_reply", value=True, on=on, command="READ?", at_command=2, times=2)
    add(plan, fault="half_reply", value=True, on=on, command="READ?", for_s=1.0)
    struck = [
        [fault.name for fault in plan.heard(on, message)]
        for message in (b"READ?", b"READ?", b"*IDN?", b"READ?", b"READ?")
    ]
    assert struck == [
        ["half_reply"],
        ["no_reply", "half_reply"],
        [],
        ["no_reply", "half_reply"],
        ["half_reply"],
    ]
    clock.seen_s = 1.0
    assert plan.heard(on, b"READ?") == []
    assert states(plan) == [("done", 2), ("done", 4)]


def test_reply_fault_at_a_time_strikes_the_next_reply(plan: FaultPlan, clock: Stopwatch) -> None:
    add(plan, fault="late_reply", value=3.0, on="spectrometer", at_s=2.0)
    assert plan.heard("spectrometer", b"*IDN?") == []
    clock.seen_s = 2.0
    assert [fault.value for fault in plan.heard("spectrometer", b"*IDN?")] == [3.0]
    assert plan.heard("spectrometer", b"*IDN?") == []


def test_lasting_fault_holds_until_it_ends(plan: FaultPlan, clock: Stopwatch) -> None:
    add(plan, fault="stalled", value=True, on="panel", at_s=0.0, for_s=3.0)
    plan.tick()
    assert plan.lasting("panel", "stalled") is True
    assert plan.lasting("power_meter", "stalled") is None
    clock.seen_s = 3.0
    plan.tick()
    assert plan.lasting("panel", "stalled") is None


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"fault": "colour"}, "fault", r"unknown fault; there are: late_reply, .*boot, light_w_m2"),
    ({"value": True}, "fault", "unknown fault"),
    ({"fault": "open"}, "value", "is missing"),
    ({"fault": "open", "value": 1}, "value", "neither true nor false"),
    ({"fault": "open", "value": True, "colour": 1}, "colour", "unknown key; the keys are: fault"),
    ({"fault": "open", "value": True, "name": 1}, "name", "unknown key"),
    ({"fault": "open", "value": True, "at_s": -1.0}, "at_s", "below 0"),
    ({"fault": "open", "value": True, "at_s": "soon"}, "at_s", "no finite number"),
    ({"fault": "open", "value": True, "on": "panel"}, "on", "lies on no line"),
    (
        {"fault": "open", "value": True, "on": "lamp", "command": "A"},
        "on",
        "none of 'power_meter'",
    ),
    ({"fault": "open", "value": True, "command": "A"}, "on", "whose commands"),
    (
        {"fault": "open", "value": True, "command": "A", "on": "panel", "at_s": 1.0},
        "at_s",
        "one trigger",
    ),
    ({"fault": "open", "value": True, "at_command": 2}, "at_command", "say which"),
    ({"fault": "open", "value": True, "times": 2}, "times", "needs a command"),
    ({"fault": "open", "value": True, "then": False}, "then", "after for_s"),
    ({"fault": "open", "value": True, "for_s": 0}, "for_s", "not above 0"),
    ({"fault": "light_w_m2", "value": 1.0, "for_s": 1.0}, "then", "is missing: what is"),
    ({"fault": "light_w_m2", "value": 1.0, "for_s": 1.0, "then": "x"}, "then", "no finite"),
    ({"fault": "boot", "value": True, "for_s": 1.0}, "for_s", "happens at a moment"),
    ({"fault": "boot", "value": False}, "value", "write true"),
    ({"fault": "no_reply", "value": True}, "on", "is missing; no_reply lies on the line"),
    ({"fault": "no_reply", "value": False, "on": "panel"}, "value", "write true"),
    ({"fault": "late_reply", "value": 0, "on": "panel"}, "value", "not above 0"),
    ({"fault": "half_reply", "value": -1, "on": "panel"}, "value", "whole number of 0 or more"),
    ({"fault": "garbage_before", "value": "f", "on": "panel"}, "value", "hex digits"),
    ({"fault": "garbage_inside", "value": "", "on": "panel"}, "value", "hex digits"),
    ({"fault": "stalled", "value": True, "on": "panel", "times": 2}, "times", "end it by for_s"),
    (
        {"fault": "no_reply", "value": True, "on": "panel", "times": 2, "for_s": 1.0},
        "times",
        "not by both",
    ),
    (
        {"fault": "no_reply", "value": True, "on": "panel", "command": "A", "at_command": 0},
        "at_command",
        "counts from 1",
    ),
    ({"fault": "idle_close", "value": 30, "on": "panel"}, "on", "no connection"),
    ({"fault": "other_instrument", "value": "\x07", "on": "panel"}, "value", "printable ASCII"),
]


@pytest.mark.parametrize(("keys", "key", "words"), REFUSED)
def test_impossible_fault_is_refused_by_its_key(
    plan: FaultPlan, keys: dict[str, Any], key: str, words: str
) -> None:
    fault, refusals = plan.read(keys)
    assert fault is None
    assert [each.key for each in refusals] == [key]
    assert refusals[0].value == keys.get(key)
    with pytest.raises(ValueError, match=words):
        raise refusals[0]


def test_what_is_no_table_is_refused(plan: FaultPlan) -> None:
    fault, refusals = plan.read(["late_reply"])
    assert fault is None
    assert "no table" in str(refusals[0])


def test_two_conditions_of_a_name_are_a_defect() -> None:
    table = {"open": Condition(boolean, lambda _: None)}
    with pytest.raises(ValueError, match="two conditions of the name open"):
        Conditions(table, table)


def test_choice_names_what_there_is() -> None:
    with pytest.raises(ValueError, match=r"3 is none of 1, 2"):
        one_of(1, 2)(3)


HEAD = 'format = "ledcal-faults/1"\ntitle = "t"\ntext = "x"\n'


def test_file_gives_its_faults_in_order(plan: FaultPlan, tmp_path: Path) -> None:
    path = tmp_path / "two.toml"
    path.write_text(
        HEAD
        + '[[fault]]\nfault = "boot"\nvalue = true\nat_s = 1\n'
        + '[[fault]]\nfault = "no_reply"\nvalue = true\non = "panel"\ncommand = "*STB?"\n',
        encoding="utf-8",
    )
    assert [fault.name for fault in read_fault_file(path, plan)] == ["boot", "no_reply"]


def test_refused_file_names_every_line_and_key(plan: FaultPlan, tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(
        'format = "ledcal-faults/2"\ntitle = ""\n'
        '[[fault]]\nfault = "boot"\nvalue = true\n'
        '[[fault]]\nfault = "open"\nvalue = 7\nat_s = 1.0\ncolour = "red"\n',
        encoding="utf-8",
    )
    with pytest.raises(FaultFileError) as raised:
        read_fault_file(path, plan)
    assert str(raised.value).split("\n") == [
        f"{path}:1: format: 'ledcal-faults/2': must be 'ledcal-faults/1'",
        f"{path}:2: title: '': must be a text",
        f"{path}:1: text: must be a text",
        f"{path}:3: fault[1].at_s: is missing: at_s or command says when it strikes",
        f"{path}:10: fault[2].colour: 'red': unknown key; the keys are: fault, value, on, at_s, "
        "command, at_command, for_s, times, then",
        f"{path}:8: fault[2].value: 7: 7 is neither true nor false",
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff", "is not valid TOML"),
        (b"fault = 3 = 4", "is not valid TOML"),
        (HEAD.encode(), "at least one table"),
        (HEAD.encode() + b'fault = "late_reply"\n', "at least one table"),
        (HEAD.encode() + b"fault = [1]\n", "no table of keys"),
        (HEAD.encode() + b'speed = 3\n[[fault]]\nfault = "boot"\nvalue = true\nat_s = 0\n', "key"),
    ],
)
def test_impossible_file_is_refused(
    plan: FaultPlan, tmp_path: Path, content: bytes, words: str
) -> None:
    path = tmp_path / "bad.toml"
    path.write_bytes(content)
    with pytest.raises(FaultFileError, match=words):
        read_fault_file(path, plan)
    with pytest.raises(FaultFileError, match="cannot be read"):
        read_fault_file(tmp_path / "none.toml", plan)
