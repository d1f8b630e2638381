"""Look at a whole station before a shift: all that fails, not the first, and no light."""

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from ledcal.reports.text import legible_reason
from ledcal.rig.doctor_bench import look_at_bench
from ledcal.rig.doctor_files import (
    look_at_certificates,
    look_at_clock,
    look_at_disk,
    look_at_key,
    look_at_product,
    look_at_software,
    look_at_station,
    look_at_store,
)
from ledcal.rig.doctor_findings import Finding, Findings, exit_code
from ledcal.rig.doctor_people import look_at_people
from ledcal.rig.errors import RigError
from ledcal.rig.product import Product, read_product
from ledcal.rig.settings import SettingsFile
from ledcal.rig.station import Station, beside, read_station

SIGNS = {"ok": "✔", "WARN": "▲", "FAIL": "✘"}
_COLOURS = {"ok": "green", "WARN": "bold yellow", "FAIL": "bold red"}


def examine(
    station_file: Path, product_file: Path | None, data_folder: Path | None
) -> list[Finding]:
    """Look at everything that a run needs.

    Args:
        station_file: The station file.
        product_file: Product file, None for the default product.
        data_folder: Data folder, None for the station file's.
    """
    findings = Findings()
    station = _station(station_file, findings)
    product = _product(product_file, findings)
    certificates, key = None, None
    if station is not None:
        data_folder = data_folder or beside(station, station.settings.data_folder)
        certificates = look_at_certificates(station, data_folder, findings)
        key = look_at_key(station, data_folder, findings)
        look_at_people(station, findings)
    if data_folder is not None:
        look_at_disk(data_folder, findings)
        look_at_store(data_folder, findings)
        look_at_clock(data_folder, station, certificates, findings)
    look_at_software(findings)
    if station is not None:
        look_at_bench(station, certificates, product, key, findings)
    return findings.found


def _station(path: Path, findings: Findings) -> SettingsFile[Station] | None:
    try:
        station = read_station(path)
    except RigError as error:
        findings.fail("station file", error.text, error.outcome)
        return None
    look_at_station(station, findings)
    return station


def _product(path: Path | None, findings: Findings) -> Product | None:
    try:
        product = read_product(path)
    except RigError as error:
        findings.fail("product file", error.text, error.outcome)
        return None
    look_at_product(product, findings)
    return product.settings


def print_findings(found: list[Finding], console: Console) -> None:
    """Print one aligned line for each finding, and a word at the end."""
    width = max(len(finding.name) for finding in found)
    for finding in found:
        first, *more = finding.text.split("\n")
        line = Text()
        line.append(f"{SIGNS[finding.status]} {finding.status:<4}", style=_COLOURS[finding.status])
        line.append(f"  {finding.name:<{width}}  {legible_reason(first)}")
        console.print(line)
        for text in more:
            console.print(Text(f"{'':<{width + 10}}{legible_reason(text)}"))
    failed = sum(finding.status == "FAIL" for finding in found)
    warned = sum(finding.status == "WARN" for finding in found)
    if failed:
        words = f"{SIGNS['FAIL']} NOT READY: {failed} failed, {warned} to watch"
    elif warned:
        words = f"{SIGNS['WARN']} READY, {warned} to watch"
    else:
        words = f"{SIGNS['ok']} READY"
    console.print()
    console.print(Text(words, style="bold"))


def findings_object(found: list[Finding]) -> dict[str, Any]:
    """Return the JSON object of a look at a station."""
    return {
        "ready": not any(finding.status == "FAIL" for finding in found),
        "exit_code": exit_code(found),
        "findings": [
            {"name": finding.name, "status": finding.status, "text": finding.text}
            for finding in found
        ],
    }
