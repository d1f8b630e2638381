"""The record of one run as plain data; `record_reader` reads it from a journal.

Every event of a journal is one JSON object with `n` (from 1, without gaps), `at` (UTC, ISO 8601)
and `event`, its kind. The other keys of each kind are the fields of the class of that name below;
`step` events come as `step_started` and `step_finished`. Pages are pure functions of a `Record`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ledcal.calibration.as_found import AsFound
from ledcal.calibration.outcome import Outcome, Verdict
from ledcal.calibration.run_started import RunStarted

Event = Mapping[str, Any]
RECORD_FORMAT = "ledcal-record/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """Event `instrument`: one instrument, as it identified itself, with its certificate.

    Attributes:
        role: power_meter, spectrometer or thermocouple_logger.
        maker, model, serial, firmware: From `*IDN?` and its like.
        resource: VISA resource name.
        certificate: number, laboratory, issued, due (ISO dates) and file_sha256.
    """

    role: str
    maker: str
    model: str
    serial: str
    firmware: str
    resource: str
    certificate: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelIdentity:
    """Event `panel`: what the panel said of itself before any light.

    Attributes:
        maker, model, serial, firmware: From `*IDN?`.
        product_code, hardware_revision, drive_epoch, geometry_id: What a file must be made for.
        distance_mm: Of the reference plane that the panel was made for. [mm]
        boot_count: How often it was switched on.
        uid: The LED head's unique id, 32 hex digits.
        on_hours: LED-on hours. [h]
        calibration: The loader's word on the calibration found in the panel, "OK" when valid.
        sequence: Sequence number of the calibration found, 0 for none.
        firmware_mode: PROD or ENG.
    """

    maker: str
    model: str
    serial: str
    firmware: str
    uid: str
    product_code: int
    hardware_revision: int
    drive_epoch: int
    distance_mm: int
    geometry_id: int
    boot_count: int
    on_hours: int
    calibration: str
    sequence: int
    firmware_mode: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Event `measured`: one result, recorded first and judged after.

    Attributes:
        step: The procedure's step, "verify" for example.
        measurand: What is intended: "irradiance", "centroid", ...
        channel: LED channel number, None where the result is the panel's.
        where: Further conditions, such as {"request": 0.25, "board_degc": 39.8}.
        value, u, k, expanded_uncertainty: In `unit`; u is standard, the expanded one k times u.
        unit: UCUM unit.
        nominal: What was asked for or specified, None where there is no such value.
        lower, upper: Tolerance limits, None where that side is open.
        acceptance_lower, acceptance_upper: Tolerance limits drawn in by the guard band.
        rule: Name of the decision rule.
        rule_kind, guard_factor: The rule as it is configured.
        dof: Effective degrees of freedom, None for infinite.
        verdict: PASS, FAIL or INCONCLUSIVE.
        statement: The same in the words of the rule, "conditional pass" for example.
        conformance_probability: That the true value lies within the tolerance.
        specific_risk: Probability that the verdict is wrong, None where nothing is claimed.
        tur: Test uncertainty ratio, None where a side is open.
        global_false_accept: Fraction of a production that this rule would pass wrongly, None
            where the product file states no process.
        global_false_reject: Fraction of it that would not be passed although it conforms.
        monte_carlo: Check of the interval by JCGM 101: trials, seed, lower and upper end of the
            95 % interval, tolerance of the comparison and whether it is validated; None where
            no equation was tried.
        components: The uncertainty budget: name, value and u_input of the input,
            sensitivity, u, dof (null for infinite), evaluation, common, source.
        at: UTC time, ISO 8601.
    """

    step: str
    measurand: str
    channel: int | None
    where: dict[str, float | str]
    value: float
    u: float
    k: float
    expanded_uncertainty: float
    unit: str
    nominal: float | None
    lower: float | None
    upper: float | None
    acceptance_lower: float | None
    acceptance_upper: float | None
    rule: str
    verdict: Verdict
    components: list[dict[str, Any]]
    at: str
    # Records of ledcal 0.1 do not have these.
    dof: float | None = None
    rule_kind: str | None = None
    guard_factor: float | None = None
    statement: str | None = None
    conformance_probability: float | None = None
    specific_risk: float | None = None
    tur: float | None = None
    global_false_accept: float | None = None
    global_false_reject: float | None = None
    monte_carlo: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpectrumTaken:
    """Event `spectrum`: the corrected spectrum of one channel.

    Attributes:
        channel: LED channel number.
        nominal_nm: What the product says of it. [nm]
        wavelength_nm, irradiance_w_m2_nm: Axis and values, equal lengths.
        drive: Fraction of full drive.
        board_degc: LED board temperature. [degC]
    """

    channel: int
    nominal_nm: float
    wavelength_nm: list[float]
    irradiance_w_m2_nm: list[float]
    drive: float
    board_degc: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveFitted:
    """Event `curve`: the fitted calibration curve of one channel and its look-up table.

    Attributes:
        channel: LED channel number.
        points: drive, board_degc, irradiance_w_m2, u_w_m2 (scatter only), residual_rel.
        model: The model's formula in words.
        coefficients: Coefficient to value.
        coefficient_u: Coefficient to standard uncertainty.
        t_ref_degc, t_min_degc, t_max_degc: Reference temperature and range. [degC]
        chi2, dof: Of the fit.
        curve_drive, curve_irradiance_w_m2: The curve at the reference temperature.
        knot_drive_code, knot_irradiance_w_m2: The file's knots.
        b1, b2: The file's integer temperature coefficients.
        b1_per_k, b2_per_k2: The same in SI units.
        ceiling_w_m2: Largest request that the firmware serves. [W/m2]
        u_rel: The file's expanded relative uncertainty, a fraction.
        centroid_nm: Centroid at the reference temperature. [nm]
        statistics: What speaks for and against the fit, by name.
    """

    channel: int
    points: list[dict[str, float]]
    model: str
    coefficients: dict[str, float]
    coefficient_u: dict[str, float]
    t_ref_degc: float
    t_min_degc: float
    t_max_degc: float
    chi2: float
    dof: int
    curve_drive: list[float]
    curve_irradiance_w_m2: list[float]
    knot_drive_code: list[int]
    knot_irradiance_w_m2: list[float]
    b1: int
    b2: int
    b1_per_k: float
    b2_per_k2: float
    ceiling_w_m2: float
    u_rel: float
    centroid_nm: float
    # Records of ledcal 0.1 do not have these.
    statistics: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyAssessed:
    """Event `safety`: what IEC 62471 says of the panel with all channels on.

    Attributes:
        distance_mm: Of the eye from the window. [mm]
        group: Risk group found: exempt, RG1, RG2 or RG3.
        declared_group: Risk group that the product is declared for.
        permitted_least_s: Shortest permitted time among the hazards, at the upper end of the
            levels' intervals; None where none needs a limit. [s]
        exposures: hazard, level, expanded_uncertainty, unit, group (None for the skin),
            permitted_s and permitted_least_s (None without a limit) of each hazard.
    """

    distance_mm: float
    group: str
    declared_group: str
    permitted_least_s: float | None
    exposures: list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationFile:
    """Event `calibration_file`: the file that was made and what became of it.

    Attributes:
        state: "written", then "loaded" once the panel holds it, byte for byte, and says valid.
        sha256: Of `panel.ledcal`.
        calibration_sha256: Of `calibration.json`, which the file carries.
        key_id: Of the signing key, 16 hex digits.
        sequence: The file's sequence number.
    """

    state: str
    sha256: str
    calibration_sha256: str
    key_id: str
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Event `note`: a deviation, a warning or a repeated attempt.

    Attributes:
        code, text: What kind of note it is, and its words.
    """

    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step of the procedure: result is PASS, FAIL, ERROR or, where it never ended, OPEN."""

    step: str
    result: str
    duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One run.

    Attributes:
        outcome: ABORTED unless the run's end was recorded.
        reasons: code and text of each reason for an outcome other than PASS.
        finished_at: UTC time of the last event, ISO 8601.
        events: How many events the journal holds.
        as_found: None where the run ended before, proves an issued file, or is older.
        measured_as_found: Its results, before the adjustment; they decide nothing of the run.
    """

    run: RunStarted
    instruments: list[Instrument] = field(default_factory=list)
    panel: PanelIdentity | None = None
    measured: list[Measured] = field(default_factory=list)
    spectra: list[SpectrumTaken] = field(default_factory=list)
    curves: list[CurveFitted] = field(default_factory=list)
    safety: SafetyAssessed | None = None
    calibration_file: CalibrationFile | None = None
    notes: list[Note] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    outcome: Outcome
    reasons: list[dict[str, str]]
    finished_at: str
    events: int
    as_found: AsFound | None = None
    measured_as_found: list[Measured] = field(default_factory=list)
