"""A file on its way into its panel, and what may happen to it there: F15, F16, F25.

Nothing is lit: the rig's own functions load a file into a panel that is served as always.
"""

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ledcal.calibration.codec import decode, encode
from ledcal.calibration.record import PanelIdentity
from ledcal.instruments.errors import NotDark
from ledcal.instruments.panel import Panel
from ledcal.rig.bench import open_panel
from ledcal.rig.errors import PanelError, SetupError, StationError
from ledcal.rig.folder import sha256_hex
from ledcal.rig.identify import identify_panel
from ledcal.rig.keys import engineering_key
from ledcal.rig.loading import load, require_refusals
from ledcal.rig.station import read_station
from tests.rig.conftest import panel_content

pytestmark = pytest.mark.system
LOADS = 3


@dataclass
class Line:
    """A panel whose file is loaded over its line.

    Attributes:
        notes: Code and words of what was noted, in order.
    """

    bench: Any
    panel: Panel
    identity: PanelIdentity
    sequence: int = 0
    notes: list[tuple[str, str]] = field(default_factory=list)

    def file(self) -> bytes:
        """The next file for this head, signed with the key that it trusts."""
        self.sequence = 1 + self.bench.truth(ask="panel")["highest_sequence"]
        identity = identify_panel(self.panel).identity
        key = engineering_key(self.bench.data_folder)
        calibration = panel_content(identity, self.sequence, self.panel.channels())
        return encode(calibration, key_id=key.key_id, sign=key.sign)

    def note(self, code: str, text: str) -> None:
        self.notes.append((code, text))

    def load(self, file: bytes) -> None:
        load(self.panel, self.identity, file, self.note)

    def held(self) -> Any:
        """SHA-256 of what the panel holds, None for nothing."""
        return self.bench.truth(ask="panel")["sha256"]


@pytest.fixture(scope="module")
def served(
    serve: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Any, Panel]]:
    folder = tmp_path_factory.mktemp("line")
    with serve(folder / "bench") as bench:
        station = read_station(bench.station)
        with open_panel(station, "DEMO-0001", folder / "transcript.jsonl") as panel:
            yield bench, panel


@pytest.fixture
def line(served: tuple[Any, Panel]) -> Iterator[Line]:
    """The panel as it is identified, with a file that it had before."""
    bench, panel = served
    one = Line(bench, panel, identify_panel(panel).identity)
    one.load(one.file())
    assert one.notes == []
    yield one
    for name, value in {
        "refused_loads": 0,
        "damaged_read_backs": 0,
        "commit_s": 0.5,
        "file_check": "whole",
    }.items():
        bench.truth(set=name, value=value)
    assert bench.truth(ask="state")["dark"]


def test_f25_a_sound_check_refuses_what_is_damaged_and_keeps_the_old_file(line: Line) -> None:
    before = line.held()
    require_refusals(line.panel, line.file(), line.note)
    assert line.held() == before
    assert [code for code, _ in line.notes] == ["FILE_CHECK"]


@pytest.mark.parametrize(
    ("broken", "words", "kept"),
    [
        ("no checksum", "refuses a file in which one bit is wrong as SIGNATURE, not as CRC", True),
        ("no refusal", "takes a file in which one bit is wrong", False),
    ],
)
def test_f25_a_broken_check_is_the_panels_fault(
    line: Line, broken: str, words: str, kept: bool
) -> None:
    before = line.held()
    line.bench.truth(set="file_check", value=broken)
    with pytest.raises(PanelError, match=words) as caught:
        require_refusals(line.panel, line.file(), line.note)
    assert caught.value.code == "FILE_CHECK"
    assert "quarantine the panel" in caught.value.text
    assert ("untouched" if kept else "its calibration was erased") in caught.value.text
    assert line.held() == (before if kept else None)


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("refused_loads", "refused the calibration file: SIZE"),
        ("damaged_read_backs", "read back"),
    ],
)
def test_f16_what_fails_twice_is_repeated_and_each_attempt_is_kept(
    line: Line, condition: str, words: str
) -> None:
    file = line.file()
    line.bench.truth(set=condition, value=LOADS - 1)
    line.load(file)
    assert line.held() == sha256_hex(file)
    assert [code for code, _ in line.notes] == ["LOAD_REPEATED"] * (LOADS - 1)
    assert all(words in text for _, text in line.notes)
    assert [text[:9] for _, text in line.notes] == ["attempt 1", "attempt 2"]


@pytest.mark.parametrize(
    ("condition", "code"),
    [("refused_loads", "LOAD_REFUSED"), ("damaged_read_backs", "READ_BACK")],
)
def test_f16_what_fails_three_times_leaves_the_panel_uncalibrated_and_says_so(
    line: Line, condition: str, code: str
) -> None:
    line.bench.truth(set=condition, value=LOADS)
    with pytest.raises(PanelError) as caught:
        line.load(line.file())
    assert caught.value.code == code
    assert "3 times; its calibration was erased: the panel is uncalibrated" in caught.value.text
    assert "quarantine it" in caught.value.text
    assert len(line.notes) == LOADS
    assert line.held() is None
    assert line.panel.calibration_state()[0] != 0


def test_f16_a_number_that_the_head_has_had_is_not_the_panels_fault(line: Line) -> None:
    """What another station loaded since stays, and is not erased for a file of the same number."""
    held = line.file()
    line.load(held)
    calibration = decode(held).calibration
    key = engineering_key(line.bench.data_folder)
    other = encode(dataclasses.replace(calibration, issued_at=0), key_id=key.key_id, sign=key.sign)
    with pytest.raises(SetupError) as caught:
        line.load(other)
    assert caught.value.code == "SEQUENCE"
    assert f"another file numbered {calibration.sequence} or higher" in caught.value.text
    assert "calibrate it where its newest run is kept" in caught.value.text
    assert line.notes == []
    assert line.held() == sha256_hex(held)


def test_f16_a_panel_that_took_a_file_and_lost_it_is_to_blame(line: Line) -> None:
    line.bench.truth(set="damaged_read_backs", value=1)

    def loses(*_: str) -> None:
        line.panel.erase_calibration()

    with pytest.raises(PanelError, match="SEQ, 3 times; its calibration was erased") as caught:
        load(line.panel, line.identity, line.file(), loses)
    assert caught.value.code == "LOAD_REFUSED"


@pytest.mark.parametrize("condition", ["refused_loads", "damaged_read_backs"])
def test_f16_what_a_panel_may_keep_is_not_erased(line: Line, condition: str) -> None:
    """A file that is installed again is not worth a sound calibration."""
    held = line.panel.read_back()
    other = line.file()
    line.bench.truth(set=condition, value=LOADS)
    with pytest.raises(PanelError) as caught:
        load(line.panel, line.identity, other, line.note, keeps=held)
    kept = condition == "refused_loads"
    words = "the calibration that it had before, untouched" if kept else "was erased"
    assert words in caught.value.text
    assert line.held() == (sha256_hex(held) if kept else None)


def test_f16_a_panel_that_commits_too_slowly_is_told_from_a_bad_line(line: Line) -> None:
    file = line.file()
    speed = read_station(line.bench.station).settings.clock.speed
    # In wall time longer than the rig waits (2 s, and the 5 s of the bench), and not twice so.
    line.bench.truth(set="commit_s", value=3.6 * speed)
    with pytest.raises((PanelError, StationError)) as caught:
        line.load(file)
    assert len(line.notes) == LOADS
    if isinstance(caught.value, PanelError):
        assert caught.value.code == "LOAD_LATE"
        assert "and yet the panel holds the whole file" in caught.value.text
        assert line.held() is None
    else:
        # On a busy computer the bench's time runs slowly, and no question is answered either.
        assert "what it holds is not known" in caught.value.text


def test_f15_a_file_that_got_into_another_head_is_taken_out_of_it(line: Line) -> None:
    line.bench.truth(set="head_after_load", value="another")
    file = line.file()
    with pytest.raises(SetupError) as caught:
        line.load(file)
    assert caught.value.code == "PANEL_EXCHANGED"
    other = line.bench.truth(ask="panel")["uid"]
    assert f"{line.identity.uid}, now {other}" in caught.value.text
    assert "and erased" in caught.value.text
    assert line.held() is None


def test_f15_what_another_head_holds_of_its_own_is_not_touched(line: Line) -> None:
    own = line.held()
    file = line.file()
    line.bench.truth(set="head", value="swapped")
    with pytest.raises(SetupError) as caught:
        line.load(file)
    assert "what it holds was not touched" in caught.value.text
    assert line.held() == own


def test_f16_a_line_that_is_cut_is_the_stations_and_what_the_panel_holds_is_unknown(
    serve: Callable[..., Any], tmp_path: Path
) -> None:
    with serve(tmp_path / "bench") as bench:
        station = read_station(bench.station)
        # Nor can it be shown to be dark; its own watchdog is there for that.
        with (
            suppress(NotDark),
            open_panel(station, "DEMO-0001", tmp_path / "transcript.jsonl") as panel,
        ):
            line = Line(bench, panel, identify_panel(panel).identity)
            file = line.file()
            bench.process.kill()
            bench.process.wait()
            with pytest.raises(StationError, match="what it holds is not known") as caught:
                line.load(file)
            assert caught.value.code == "LOAD_LINK"
            assert [code for code, _ in line.notes] == ["LOAD_REPEATED"] * LOADS
