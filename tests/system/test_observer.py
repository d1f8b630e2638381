"""Single observations on the virtual bench: what is dropped, taken again, and given up."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from ledcal.instruments import exchange
from ledcal.instruments.errors import LinkTimeout, OpenThermocouple, Saturated
from ledcal.rig.bench import open_bench
from ledcal.rig.certificates import read_certificates
from ledcal.rig.errors import PanelLost, SetupError, StationError
from ledcal.rig.light import ByDrive, lit
from ledcal.rig.observation import ATTEMPTS, Observer
from ledcal.rig.product import read_product
from ledcal.rig.station import read_station

pytestmark = pytest.mark.system
CHANNEL, LEVEL = 5, 40000
TIME_S = 0.02
FOR_LONG_S = 1e6


@dataclass(frozen=True)
class Watched:
    """An observer with the bench that it looks at and the notes that it wrote."""

    observer: Observer
    live: Any
    notes: list[tuple[str, str]]

    def observe(self, *codes: int, integration_s: float = TIME_S) -> Any:
        """Observe one channel at raw codes."""
        lights = [ByDrive({CHANNEL: code}) for code in codes or (LEVEL,)]
        return self.observer.observe(lights, integration_s=integration_s)

    def true_w_m2(self, observation: Any) -> float:
        """Return what the channel gave, by the bench's truth."""
        answer = self.live.truth(
            ask="irradiance_at",
            channel=CHANNEL,
            drive_code=observation.drive_code[0],
            board_degc=observation.lit.panel.board_degc,
        )
        return float(answer["irradiance_w_m2"])


@pytest.fixture(scope="module")
def served(
    serve: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Any, Any]]:
    """A virtual bench, and its instruments opened by the real drivers."""
    folder = tmp_path_factory.mktemp("observer")
    with serve(folder / "served") as live:
        station = read_station(live.station)
        transcript = folder / "transcript.jsonl"
        with open_bench(station, read_certificates(station), "DEMO-0001", transcript) as bench:
            yield live, bench


@pytest.fixture
def watched(served: tuple[Any, Any]) -> Watched:
    """A new observer."""
    live, bench = served
    notes: list[tuple[str, str]] = []
    cut_off = read_product(None).settings.cut_off
    observer = Observer(
        bench=bench, cut_off=cut_off, note=lambda code, text: notes.append((code, text))
    )
    observer.set_meter(850.0)
    return Watched(observer, live, notes)


def shown_w_m2(observation: Any) -> float:
    """Return roughly what the meter shows of a lit state. [W/m2]"""
    powers = [one.power_w for one in observation.lit.power]
    return float(sum(powers) / len(powers)) / 70.9e-6


def test_f05_range_that_is_too_low_is_left_and_the_reading_dropped(watched: Watched) -> None:
    watched.live.truth(set="meter_range_w", value=5e-4)
    (seen,) = watched.observe()
    assert {code for code, _ in watched.notes} == {"RANGE_UP"}
    assert shown_w_m2(seen) == pytest.approx(watched.true_w_m2(seen), rel=0.05)


def test_f08_too_little_light_is_looked_at_for_longer(watched: Watched) -> None:
    dim, bright = watched.observe(1500, LEVEL, integration_s=0.001)
    assert [code for code, _ in watched.notes] == ["REPEATED"]
    assert dim.lit.spectrum.integration_s == pytest.approx(0.004)
    # The next light has the time that was asked for, with blanks of its own.
    assert bright.lit.spectrum.integration_s == pytest.approx(0.001)
    assert bright.blank_before.spectrum.integration_s == pytest.approx(0.001)


@pytest.mark.parametrize("hidden", [False, True])
def test_f08_saturated_spectrum_is_taken_again_in_half_the_time_and_so_are_the_next(
    watched: Watched, hidden: bool
) -> None:
    watched.live.truth(set="spectrometer_saturates_at", value=0.5)
    watched.live.truth(set="spectrometer_hides_saturation", value=hidden)
    try:
        first, second = watched.observe(65535, 65535, integration_s=0.016)
    finally:
        watched.live.truth(set="spectrometer_saturates_at", value=1.0)
        watched.live.truth(set="spectrometer_hides_saturation", value=False)
    assert [code for code, _ in watched.notes] == ["REPEATED"]
    assert first.lit.spectrum.integration_s == pytest.approx(0.008)
    assert second.lit.spectrum.integration_s == pytest.approx(0.008)


def test_f08_spectrometer_that_stays_saturated_is_given_up(watched: Watched) -> None:
    watched.live.truth(set="spectrometer_saturates_at", value=1e-4)
    try:
        with pytest.raises(Saturated):
            watched.observe()
    finally:
        watched.live.truth(set="spectrometer_saturates_at", value=1.0)
    assert len(watched.notes) == ATTEMPTS - 1


def test_f12_meter_that_fell_back_is_set_again(watched: Watched) -> None:
    watched.live.truth(set="meter_nm", value=635.0)
    (seen,) = watched.observe()
    assert [code for code, _ in watched.notes] == ["METER_SET_AGAIN"]
    assert {one.wavelength_nm for one in seen.lit.power} == {850.0}


def test_f12_meter_that_falls_back_each_time_is_the_station(watched: Watched) -> None:
    falls = {"fault": "meter_nm", "value": 635.0, "on": "power_meter", "command": "READ?"}
    watched.live.truth(set="fault", value=falls | {"times": 9})
    with pytest.raises(StationError, match="635 nm instead of 850 nm"):
        watched.observe()
    assert len(watched.notes) == ATTEMPTS - 1


def test_f24_reading_in_which_the_panel_moved_is_dropped_and_counted(watched: Watched) -> None:
    watched.live.truth(set="knock_s", value=1.5)
    (seen,) = watched.observe()
    assert watched.notes
    assert all("the light changed by" in text for _, text in watched.notes)
    assert shown_w_m2(seen) == pytest.approx(watched.true_w_m2(seen), rel=0.05)


def test_f24_panel_that_keeps_moving_is_given_up(watched: Watched) -> None:
    watched.live.truth(set="knock_s", value=FOR_LONG_S)
    try:
        with pytest.raises(SetupError, match="sits firmly"):
            watched.observe()
    finally:
        watched.live.truth(set="knock_s", value=0.1)  # ends with the next light
    assert len(watched.notes) == ATTEMPTS - 1


def test_f06_open_thermocouple_makes_the_panel_dark_before_the_error_leaves(
    watched: Watched,
) -> None:
    ByDrive({CHANNEL: LEVEL}).apply(watched.observer.bench)
    watched.live.truth(set="open_thermocouple", value="surface")
    try:
        with pytest.raises(OpenThermocouple, match="surface"):
            watched.observer.read(None)
    finally:
        watched.live.truth(set="open_thermocouple", value="")
    assert watched.live.truth(ask="state")["dark"]


def test_f05_nothing_is_lit_again_before_a_lost_logger_is_back(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "FIXED_WAIT_S", 0.4)
    bench, begun = watched.observer.bench, 0

    def burn() -> None:
        nonlocal begun
        begun += 1
        with lit(bench, {CHANNEL: LEVEL}):
            bench.thermocouple_logger.read()

    # Each attempt asks once: its reading, then twice for the way back.
    silent = {"fault": "no_reply", "on": "thermocouple_logger", "value": True, "times": ATTEMPTS}
    watched.live.truth(set="fault", value=silent)
    with pytest.raises(LinkTimeout):
        watched.observer.again(burn)
    assert (begun, len(watched.notes)) == (1, ATTEMPTS - 1)
    watched.observer.again(burn)
    assert begun == 2


def test_f21_panel_that_restarted_is_lost(watched: Watched) -> None:
    def restart(*_: str) -> None:
        watched.live.truth(set="reboot", value=True)

    # It restarts while it is lit: the knock makes a second attempt, and its note strikes.
    watched.live.truth(set="knock_s", value=FOR_LONG_S)
    observer = Observer(
        bench=watched.observer.bench, cut_off=watched.observer.cut_off, note=restart
    )
    with pytest.raises(PanelLost, match="restarted while it was measured") as caught:
        observer.observe([ByDrive({CHANNEL: LEVEL})], integration_s=TIME_S)
    assert caught.value.code == "PANEL_RESTARTED"
    assert watched.live.truth(ask="state")["dark"]
