"""The journal of one plausible run of a five-channel panel, made without randomness."""

import copy
import json
import math
from pathlib import Path
from typing import Any

import pytest

from ledcal.calibration.record import Record
from ledcal.calibration.record_reader import read_record

# nominal nm, nominal W/m2, width of the spectrum nm, drop of flux per kelvin
CHANNELS = (
    (630, 60.0, 7.2, 0.0072),
    (660, 120.0, 8.1, 0.0041),
    (810, 100.0, 12.5, 0.0030),
    (830, 80.0, 13.4, 0.0034),
    (850, 140.0, 14.1, 0.0035),
)
# Who and what took part: the events before any light.
_HEAD = json.loads(Path(__file__).with_name("journal_head.json").read_text(encoding="utf-8"))
# What the events of ledcal 0.1 lacked.
_ADDITIONS = json.loads(Path(__file__).with_name("journal_additions.json").read_text("utf-8"))


def at(second: float) -> str:
    return f"2026-03-04T09:{12 + int(second // 60):02d}:{second % 60:06.3f}+00:00"


def wobble(index: int) -> float:
    """A fixed sequence in -1 to 1 that stands in for scatter."""
    return math.sin(12.9898 * (index + 1)) * math.cos(4.1414 * (index + 3))


def spectrum(peak_nm: float, width_nm: float, scale: float) -> list[float]:
    """A band with a steep long-wavelength side and a Boltzmann tail on the short side."""
    values = []
    for wavelength_nm in range(350, 1001):
        offset = (wavelength_nm - peak_nm) / width_nm
        shape = math.exp(-0.5 * (offset / 0.72) ** 2) if offset > 0 else 1 / math.cosh(offset)
        values.append(scale / width_nm * shape + 2e-5 * abs(wobble(wavelength_nm)))
    return values


def components(value: float) -> list[dict[str, Any]]:
    parts = (
        ("power meter certificate", 0.0110, "B", True, "certificate PM-24-1187"),
        ("aperture area", 0.0040, "B", True, "certificate AP-24-0312"),
        ("spectral mismatch", 0.0035, "B", True, "certificate SP-25-0077"),
        ("distance to the reference plane", 0.0030, "B", True, "product file"),
        ("repeatability of the reading", 0.0016, "A", False, "5 readings"),
        ("board temperature", 0.0022, "B", False, "product file"),
    )
    return [
        {"name": name, "u": u * value, "evaluation": kind, "common": common, "source": source}
        for name, u, kind, common, source in parts
    ]


def measured(
    step: str, measurand: str, value: float, u: float, unit: str = "1", **fields: Any
) -> dict[str, Any]:
    event = {
        "event": "measured",
        "step": step,
        "measurand": measurand,
        "channel": None,
        "where": {},
        "value": value,
        "u": u,
        "k": 2.0,
        "expanded_uncertainty": 2.0 * u,
        "unit": unit,
        "nominal": None,
        "lower": None,
        "upper": None,
        "rule": "binary guard band, w = U",
        "verdict": "PASS",
        "components": [],
    } | fields
    lower, upper = event["lower"], event["upper"]
    event["acceptance_lower"] = None if lower is None else lower + 2.0 * u
    event["acceptance_upper"] = None if upper is None else upper - 2.0 * u
    return event


def started() -> dict[str, Any]:
    return dict(_HEAD["run_started"])


def before_light() -> list[dict[str, Any]]:
    return [
        measured("blank", "ambient irradiance", 0.031, 0.004, "W/m2", upper=0.5),
        measured("blank", "ambient temperature", 22.64, 0.3, "Cel", lower=18.0, upper=28.0),
        measured("blank", "zero", 0.0004, 0.0007, "W/m2", upper=0.05),
        measured("warm_up", "board temperature", 41.83, 0.5, "Cel", upper=85.0),
        measured("warm_up", "stability", 0.0021, 0.0004, upper=0.005, where={"over_s": 30.0}),
    ]


def drive_model(drive: float, full_w_m2: float, index: int) -> float:
    return full_w_m2 * (drive - 0.006) * (1 - (0.05 + 0.01 * index) * drive)


def fitted(index: int, full_w_m2: float, peak_nm: float) -> dict[str, Any]:
    _, nominal, _, slope = CHANNELS[index]
    points = [
        {
            "drive": drive,
            "board_degc": 38.2 + 4 * drive,
            "irradiance_w_m2": drive_model(drive, full_w_m2, index) * (1 - slope * 4 * drive),
            "u_w_m2": 0.0025 * drive_model(drive, full_w_m2, index),
            "residual_rel": 0.0035 * wobble(7 * index + step) * (1.6 - drive),
        }
        for step, drive in enumerate(0.02 + 0.98 * (step / 9) ** 1.5 for step in range(10))
    ]
    curve_drive = [0.02 + 0.98 * step / 60 for step in range(61)]
    knot_drive = [0.01 + 0.99 * (knot / 15) ** 2 for knot in range(16)]
    return {
        "event": "curve",
        "channel": index + 1,
        "points": points,
        "model": "E(d, T) = a1 (d - d0) (1 - a2 d) / (1 + b1 (T - Tref) + b2 (T - Tref)^2)",
        "coefficients": {"a1": full_w_m2, "a2": 0.05 + 0.01 * index, "d0": 0.006},
        "coefficient_u": {"a1": 0.0012 * full_w_m2, "a2": 0.0011, "d0": 0.00013},
        "t_ref_degc": 40.0,
        "t_min_degc": 15.0,
        "t_max_degc": 70.0,
        "chi2": 5.1 + 2 * wobble(index),
        "dof": 6,
        "curve_drive": curve_drive,
        "curve_irradiance_w_m2": [drive_model(d, full_w_m2, index) for d in curve_drive],
        "knot_drive_code": [round(65535 * d) for d in knot_drive],
        "knot_irradiance_w_m2": [drive_model(d, full_w_m2, index) for d in knot_drive],
        "b1": round(slope / 256 * 2**30),
        "b2": round(slope**2 / 65536 * 2**46),
        "b1_per_k": slope,
        "b2_per_k2": slope**2,
        "ceiling_w_m2": 1.05 * nominal,
        "u_rel": 0.0312,
        "centroid_nm": peak_nm - 2.0,
    }


def of_channel(index: int) -> list[dict[str, Any]]:
    nominal_nm, nominal, width_nm, slope = CHANNELS[index]
    full_w_m2 = nominal * (1.34 + 0.05 * wobble(index))
    peak_nm = nominal_nm + 2.4 * wobble(index + 20)
    top = drive_model(1.0, full_w_m2, index)
    lit = {"channel": index + 1, "where": {"drive": 1.0, "board_degc": 41.2}}
    band = {"nominal": float(nominal_nm), "lower": nominal_nm - 8.0, "upper": nominal_nm + 8.0}
    reach = {"nominal": nominal, "lower": 1.1 * nominal, "upper": 1.6 * nominal}
    taken = {
        "event": "spectrum",
        "channel": index + 1,
        "nominal_nm": float(nominal_nm),
        "wavelength_nm": [float(w) for w in range(350, 1001)],
        "irradiance_w_m2_nm": spectrum(peak_nm, width_nm, 0.42 * top),
        "drive": 1.0,
        "board_degc": 41.2,
    }
    steep = {"channel": index + 1, "lower": -0.012, "upper": 0.0}
    return [
        taken,
        measured("spectrum", "centroid", peak_nm - 1.9, 0.21, "nm", **band, **lit),
        measured("spectrum", "peak", peak_nm, 0.5, "nm", **lit),
        measured("spectrum", "fwhm", 2.1 * width_nm, 0.4, "nm", lower=12.0, upper=45.0, **lit),
        measured(
            "irradiance",
            "irradiance at full drive",
            top,
            0.0125 * top,
            "W/m2",
            **reach,
            components=components(top),
            **lit,
        ),
        fitted(index, full_w_m2, peak_nm),
        measured("fit", "largest residual", 0.0051, 0.0008, upper=0.02, channel=index + 1),
        measured("fit", "temperature coefficient", -slope, 0.00021, "1/K", **steep),
    ]


def verified(index: int) -> list[dict[str, Any]]:
    nominal = CHANNELS[index][1]
    events = []
    for step, fraction in enumerate((0.25, 0.5, 1.0)):
        request = fraction * nominal
        value = request * (1 + 0.011 * wobble(5 * index + step) + 0.002)
        parts = components(value)
        u = math.sqrt(sum(part["u"] ** 2 for part in parts))
        fields: dict[str, Any] = {
            "channel": index + 1,
            "where": {"request_fraction": fraction, "request_w_m2": request, "board_degc": 39.1},
            "nominal": request,
            "lower": 0.9 * request,
            "upper": 1.1 * request,
            "components": parts,
        }
        events.append(measured("verify", "irradiance", value, u, "W/m2", **fields))
    return events


def step(name: str, duration_s: float, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    end = {"event": "step_finished", "step": name, "result": "PASS", "duration_s": duration_s}
    return [{"event": "step_started", "step": name}, *events, end]


def whole_run() -> list[dict[str, Any]]:
    channels = [event for index in range(5) for event in of_channel(index)]
    early = [e for e in channels if e["event"] == "spectrum" or e.get("step") == "spectrum"]
    fit = [e for e in channels if e["event"] == "curve" or e.get("step") == "fit"]
    lit = [e for e in channels if e.get("step") == "irradiance"]
    whole: dict[str, Any] = {"where": {"drive": 1.0}, "lower": 0.97, "upper": 1.03}
    return numbered(
        [
            started(),
            *step("identify", 1.9, _HEAD["identities"]),
            *step("blank", 5.6, before_light()[:3]),
            *step("warm_up", 54.0, before_light()[3:]),
            *step("spectrum", 48.0, early),
            *step(
                "irradiance",
                64.0,
                [*lit, measured("irradiance", "additivity", 0.9912, 0.003, **whole)],
            ),
            *step("fit", 2.2, fit),
            *step("adjust", 9.8, [_HEAD["calibration_file"]]),
            *step("verify", 46.0, [event for index in range(5) for event in verified(index)]),
            {"event": "run_finished", "outcome": "PASS", "reasons": []},
        ]
    )


def numbered(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event | {"n": n, "at": at(2.7 * (n - 1))} for n, event in enumerate(events, start=1)]


def completed(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same run as it is recorded since ledcal 0.2."""
    added = []
    for event in copy.deepcopy(events):
        if event["event"] == "measured":
            event |= _ADDITIONS["result"]
            for part in event["components"]:
                part |= _ADDITIONS["component"] | {"u_input": part["u"] / 2.0}
            if event["where"].get("request_fraction") == 1.0:
                event["monte_carlo"] = drawn(event)
        if event["event"] == "curve":
            event["statistics"] = _ADDITIONS["statistics"]
        added.append(event)
        if event.get("measurand") == "additivity":
            hazard: dict[str, Any] = {
                "unit": "W/m2",
                "upper": 570.0,
                "where": {"risk_group": "RG1"},
            }
            name = "photobiological hazard: infrared, cornea and lens"
            result = measured("irradiance", name, 325.31, 4.17, **hazard)
            added += [_ADDITIONS["safety"], result | _ADDITIONS["result"]]
    return numbered(added)


def recalibrated(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same run of a panel that came with a calibration of its own."""
    whole = copy.deepcopy(events)
    asked = [e for e in whole if e.get("step") == "verify" and "measurand" in e]
    found = [
        event | {"event": "measured_as_found", "step": "as_found", "monte_carlo": None}
        for event in copy.deepcopy(asked)
        if event["where"]["request_fraction"] >= 0.5
    ]
    for event in found:
        if event["channel"] == 3:
            event |= {"value": 0.86 * event["value"], "verdict": "FAIL"}
    said: dict[str, Any] = {"event": "as_found", "verdict": "FAIL", "reason": ""}
    said |= {"file_sha256": "c8" * 32, "sequence": 3}
    place = next(n for n, e in enumerate(whole) if e.get("step") == "fit")
    whole[place:place] = step("as_found", 5.3, [*found, said])
    whole[0] |= _ADDITIONS["run_started"]
    return numbered(whole)


def drawn(event: dict[str, Any]) -> dict[str, Any]:
    low, high = (event["value"] + side * event["expanded_uncertainty"] for side in (-1, 1))
    ends = {"lower": low * 0.9999, "upper": high * 1.0001, "delta": 0.05, "validated": True}
    return ends | {"trials": 200_000, "seed": 17, "mean": event["value"], "u": event["u"]}


_WHOLE_RUN = whole_run()
_COMPLETED_RUN = completed(_WHOLE_RUN)


@pytest.fixture
def events() -> list[dict[str, Any]]:
    """The journal of a run that passed, by ledcal 0.1, free to be changed."""
    return copy.deepcopy(_WHOLE_RUN)


@pytest.fixture
def complete_events() -> list[dict[str, Any]]:
    """The journal of the same run with all that is recorded today."""
    return copy.deepcopy(_COMPLETED_RUN)


@pytest.fixture
def recalibrated_events() -> list[dict[str, Any]]:
    """The same run of a panel that came back: two points of each channel as found, 3 is low."""
    return recalibrated(_COMPLETED_RUN)


@pytest.fixture
def record(events: list[dict[str, Any]]) -> Record:
    return read_record(events)


@pytest.fixture
def complete(complete_events: list[dict[str, Any]]) -> Record:
    return read_record(complete_events)


@pytest.fixture
def killed() -> Record:
    """A run that was killed before anything was identified."""
    return read_record(numbered([started()]))
