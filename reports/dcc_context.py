"""How a digital calibration certificate was come by: methods, software, equipment, conditions."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from xml.etree.ElementTree import Element

from ledcal.calibration.record import Instrument, Measured, Record
from ledcal.reports.dcc_elements import element, flag, real, release, string, unit_of, words
from ledcal.reports.quantity import measurand_words
from ledcal.reports.text import NOT_RECORDED

_METHOD = (
    "Irradiance at the reference plane by an optical power meter, corrected for the spectrum that "
    "a spectroradiometer measures at the same time; blank readings before and after each are "
    "subtracted. A panel that carries a valid calibration is first asked through it, before it is "
    "adjusted. The panel's calibration curves over drive and board temperature are fitted, "
    "written as a signed file and loaded into the panel; then the panel is asked for irradiances "
    "through its own firmware and what it gives is measured."
)


def used_methods(record: Record) -> Element:
    """Return method, uncertainty and decision rule of a run."""
    version = record.run.software.get("ledcal", NOT_RECORDED)
    return element(
        "usedMethods",
        element(
            "usedMethod",
            words("name", "Calibration of an LED panel by ledcal's procedure"),
            words("description", _METHOD),
            string("reference", f"ledcal {version}, fixtures/procedure"),
        ),
        element(
            "usedMethod",
            words("name", "Measurement uncertainty"),
            words(
                "description",
                "Each expanded uncertainty is the standard uncertainty times the coverage factor "
                "k that is stated with it, for a coverage probability of 95.45 % of a "
                "t-distribution with the effective degrees of freedom.",
            ),
            string("norm", "JCGM 100:2008"),
        ),
        element(
            "usedMethod",
            words("name", "Decision rule"),
            words("description", record.run.decision_rule),
            string("norm", "ILAC-G8:09/2019"),
            string("norm", "JCGM 106:2012"),
        ),
    )


def used_software(tag: str, software: Mapping[str, str], *, only: str | None = None) -> Element:
    """Return the software of a run, or one of it; where it ran stands beside ledcal's name."""
    place = software.get("platform", NOT_RECORDED)
    return element(
        tag,
        *(
            element(
                "software",
                words("name", name),
                string("release", release(version)),
                string("type", "application" if name == "ledcal" else "library"),
                words("description", f"ran on {place}") if name == "ledcal" else None,
            )
            for name, version in software.items()
            if name != "platform" and only in (None, name)
        ),
    )


def equipment(instrument: Instrument, record: Record) -> Element:
    """Return one instrument with its certificate."""
    said = instrument.certificate
    traceability = said.get("traceability", NOT_RECORDED)
    issued, due = said.get("issued", NOT_RECORDED), said.get("due", NOT_RECORDED)
    in_date = _in_date(due, record.run.at)
    return element(
        "measuringEquipment",
        words("name", measurand_words(instrument.role)),
        element(
            "certificate",
            words("referral", f"certificate of {said.get('laboratory', NOT_RECORDED)}"),
            string("referralID", said.get("number", NOT_RECORDED)),
            string("procedure", "SHA-256 of the certificate's file at the station"),
            string("value", said.get("file_sha256", NOT_RECORDED)),
            words("description", f"issued {issued}, due {due}; {traceability}"),
            None if in_date is None else flag("inValidityRange", in_date),
            flag("traceable", False) if record.run.simulated else None,
        ),
        element("manufacturer", words("name", instrument.maker)),
        string("model", instrument.model),
        element("identifications", identification("manufacturer", instrument.serial, "serial")),
        element(
            "installedSoftware",
            element(
                "software",
                words("name", f"firmware of {instrument.model}"),
                string("release", release(instrument.firmware)),
                string("type", "firmware"),
            ),
        ),
    )


def identification(issuer: str, value: str, name: str) -> Element:
    """Return one identification: who gave it, what it is, and what it is called."""
    return element(
        "identification",
        string("issuer", issuer),
        string("value", value),
        words("name", name),
    )


def influence_conditions(
    record: Record, conditions: Sequence[Measured], status: str | None
) -> Element:
    """Return the reference plane and the conditions that were measured.

    Args:
        record: The record.
        conditions: Results that say under what conditions the others hold.
        status: The schema's word for before or after what, None for neither.
    """
    plane = "; ".join(f"{key.replace('_', ' ')} {text}" for key, text in record.run.plane.items())
    return element(
        "influenceConditions",
        element(
            "influenceCondition",
            words("name", "Reference plane"),
            string("status", status) if status else None,
            element("data", words("text", plane)),
        ),
        *(
            element(
                "influenceCondition",
                words("name", f"{measurand_words(one.measurand)} ({one.step.replace('_', ' ')})"),
                element(
                    "data",
                    element(
                        "quantity",
                        real(one.value, unit_of(one.unit), one.expanded_uncertainty, one.k),
                    ),
                ),
            )
            for one in conditions
        ),
    )


def _in_date(due: str, run_at: str) -> bool | None:
    try:
        return datetime.fromisoformat(run_at).date() <= date.fromisoformat(due)
    except ValueError:
        return None
