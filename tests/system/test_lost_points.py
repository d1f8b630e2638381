"""A point whose reading was lost on any line is taken again, and its value is right."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ledcal.instruments.errors import InstrumentRestarted, WrongInstrument
from ledcal.rig.bench import open_bench
from ledcal.rig.certificates import read_certificates
from ledcal.rig.observation import ByDrive, Observer
from ledcal.rig.product import read_product
from ledcal.rig.station import read_station

pytestmark = pytest.mark.system
CHANNEL, LEVELS = 5, (20000, 40000)
TIME_S = 0.02


@pytest.fixture(scope="module")
def opened(
    serve: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Any, Any]]:
    """A virtual bench, and its instruments opened by the real drivers."""
    folder = tmp_path_factory.mktemp("lost")
    with serve(folder / "served") as live:
        station = read_station(live.station)
        transcript = folder / "transcript.jsonl"
        with open_bench(station, read_certificates(station), "DEMO-0001", transcript) as bench:
            bench.power_meter.set_wavelength_nm(850.0)
            yield live, bench


def observe(bench: Any) -> tuple[list[float], list[tuple[str, str]]]:
    """Return the net power at each level, and the notes about attempts. [W]"""
    notes: list[tuple[str, str]] = []
    cut_off = read_product(None).settings.cut_off
    observer = Observer(
        bench=bench, cut_off=cut_off, note=lambda code, text: notes.append((code, text))
    )
    lights = [ByDrive({CHANNEL: level}) for level in LEVELS]
    seen = observer.observe(lights, integration_s=TIME_S)
    assert [each.drive_code for each in seen] == [(level,) for level in LEVELS]
    return [mean_w(each.lit) - mean_w(each.blank_before) for each in seen], notes


def mean_w(readings: Any) -> float:
    return float(sum(one.power_w for one in readings.power) / len(readings.power))


@pytest.fixture(scope="module")
def undisturbed(opened: tuple[Any, Any]) -> list[float]:
    return observe(opened[1])[0]


# The n-th command falls into the first blank, into a lit reading, or into a blank after it.
@pytest.mark.parametrize(
    ("on", "command", "n", "fault", "value"),
    [
        ("power_meter", "READ?", 1, "garbage_inside", "ff07"),
        ("power_meter", "READ?", 5, "late_reply", 3.0),
        ("power_meter", "READ?", 8, "dropped_connection", 0),
        ("spectrometer", "*MEAS:SPRAD", 1, "dropped_connection", 1000),
        ("spectrometer", "*MEAS:SPRAD", 2, "half_reply", 500),
        ("thermocouple_logger", "READ?", 2, "dropped_connection", 3),
        ("thermocouple_logger", "READ?", 3, "no_reply", True),
        ("panel", "MEAS:TEMP?", 2, "garbage_before", "ff"),
    ],
)
def test_point_is_taken_again_and_noted(
    opened: tuple[Any, Any],
    undisturbed: list[float],
    on: str,
    command: str,
    n: int,
    fault: str,
    value: object,
) -> None:
    live, bench = opened
    planned = {"fault": fault, "on": on, "value": value, "command": command, "at_command": n}
    live.truth(set="fault", value=planned)
    powers, notes = observe(bench)
    assert live.truth(ask="faults")["faults"][-1]["struck"] == 1
    assert [code for code, _ in notes] == ["REPEATED"]
    assert "attempt 1 of 3: " in notes[0][1]
    # The board is not at rest: it warms by a few kelvin from case to case.
    assert powers == pytest.approx(undisturbed, rel=0.03)


def test_second_copy_of_an_answer_costs_nothing(
    opened: tuple[Any, Any], undisturbed: list[float]
) -> None:
    live, bench = opened
    for on in ("power_meter", "thermocouple_logger"):
        planned = {"fault": "duplicate_reply", "on": on, "value": True, "command": "READ?"}
        live.truth(set="fault", value=planned)
    assert observe(bench)[0] == pytest.approx(undisturbed, rel=0.03)


def test_exchanged_and_restarted_meters_are_not_tried_again(
    serve: Callable[..., Any], wait_for: Callable[..., None], tmp_path: Path
) -> None:
    with serve(tmp_path / "served") as live:
        station = read_station(live.station)
        certificates = read_certificates(station)

        def strike(fault: str, value: object, **keys: object) -> None:
            at = {"on": "power_meter", "command": "READ?", "at_command": 5}
            live.truth(set="fault", value={"fault": fault, "value": value} | at | keys)

        with open_bench(station, certificates, "DEMO-0001", tmp_path / "1.jsonl") as bench:
            strike("other_instrument", "M00499999", for_s=100.0)
            strike("dropped_connection", 0)
            with pytest.raises(
                WrongInstrument, match=r"expected .*M00412345.*, found .*M00499999"
            ):
                observe(bench)
            assert live.truth(ask="state")["dark"]
        wait_for(
            lambda: live.truth(ask="faults")["faults"][0]["state"] == "done",
            limit_s=30,
            what="the right meter to be back",
        )
        with open_bench(station, certificates, "DEMO-0001", tmp_path / "2.jsonl") as bench:
            strike("power_off", True, for_s=4.0)
            with pytest.raises(InstrumentRestarted, match="its zero and its settings are lost"):
                observe(bench)
            assert live.truth(ask="state")["dark"]
