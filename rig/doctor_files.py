"""A look at all that is no instrument: files, certificates, clock, disk, keys, software."""

import os
import shutil
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ledcal.calibration.certificate import CertificateHead
from ledcal.rig.certificate_file import (
    read_power_meter_certificate,
    read_spectrometer_certificate,
    read_thermocouple_certificate,
)
from ledcal.rig.certificates import Certificates, certificate_paths, read_certificates
from ledcal.rig.closing import SEAL, key_of, require_known
from ledcal.rig.doctor_findings import Findings
from ledcal.rig.doctor_register import look_at_register
from ledcal.rig.errors import RigError
from ledcal.rig.folder import require_writable
from ledcal.rig.journal import JOURNAL
from ledcal.rig.keys import ENGINEERING_KEY, SigningKey, read_signing_key
from ledcal.rig.product import Product
from ledcal.rig.run import RUNS, software
from ledcal.rig.settings import SettingsFile
from ledcal.rig.station import Station, beside
from ledcal.rig.store.log import size
from ledcal.rig.store.opened import STORE, open_store_to_read, store_url
from ledcal.rig.store.triggers import require_triggers

RUN_BYTES, SHIFT_BYTES = 50 * 2**20, 2**30
"""Free room below which a run does not begin well, and below which a shift of a hundred panels may
not end: a run leaves 5 MiB to 10 MiB, most of it its transcript."""
CLOCK_TOLERANCE = timedelta(minutes=5)
"""Clocks of a file server and of this computer may differ by so much."""
_READERS: Mapping[str, Callable[[Path], tuple[Any, str]]] = {
    "power_meter": read_power_meter_certificate,
    "spectrometer": read_spectrometer_certificate,
    "thermocouple_logger": read_thermocouple_certificate,
}


def look_at_product(product: SettingsFile[Product], findings: Findings) -> None:
    """Say which product file it is."""
    said = product.settings
    findings.ok(
        "product file",
        f"{said.model} {said.version}, SHA-256 {product.sha256[:16]}…, {product.path}",
    )


def look_at_station(station: SettingsFile[Station], findings: Findings) -> None:
    """Say which station file it is."""
    said = station.settings
    marked = ", simulated" if said.simulated else ""
    findings.ok(
        "station file",
        f"{said.name}, {said.mode}{marked}, SHA-256 {station.sha256[:16]}…, {station.path}",
    )


def look_at_certificates(
    station: SettingsFile[Station], data_folder: Path, findings: Findings
) -> Certificates | None:
    """Look at each certificate and at the register; return them all when a run could use them."""
    heads: dict[str, CertificateHead] = {}
    for role, path in certificate_paths(station).items():
        try:
            certificate, _ = _READERS[role](path)
        except RigError as error:
            findings.fail(f"certificate {role}", error.text, error.outcome)
        else:
            heads[role] = certificate.head
    certificates = None
    if len(heads) == len(_READERS):
        with findings.looking("certificates"):
            certificates = read_certificates(station)
    look_at_register(station.settings, heads, certificates, data_folder, findings)
    return certificates


def look_at_disk(data_folder: Path, findings: Findings) -> None:
    """See that the data folder can be written and has room, and what lies in it."""
    name = "data folder"
    standing = data_folder
    while not standing.exists() and standing != standing.parent:
        standing = standing.parent
    with findings.looking(name):
        if standing != data_folder:
            if not standing.is_dir() or not os.access(standing, os.W_OK):
                findings.fail(name, f"{data_folder}: cannot be made in {standing}; mend that")
                return
            findings.ok(name, f"{data_folder}: the first run makes it")
        else:
            require_writable(data_folder)
            findings.ok(name, f"{data_folder}: {_runs(data_folder)}")
    with findings.looking("disk"):
        free = shutil.disk_usage(standing).free
        if free < RUN_BYTES:
            text = f"{free / 2**20:.0f} MiB free, a run needs {RUN_BYTES / 2**20:.0f}; make room"
            findings.fail("disk", text)
        elif free < SHIFT_BYTES:
            findings.warn("disk", f"{free / 2**20:.0f} MiB free: too few for a shift; make room")
        else:
            findings.ok("disk", f"{free / 2**30:.1f} GiB free")
    left_over = [path.name for path in data_folder.glob(f"{RUNS}/*/.*.part")]
    if left_over:
        findings.warn("left over", f"{len(left_over)} half-written files, {left_over[0]} first")


def look_at_store(data_folder: Path, findings: Findings) -> None:
    """The record store can be read, and its guards are there; nothing is written."""
    if not (data_folder / STORE).is_file():
        findings.ok("record store", "none yet: the first run makes it")
        return
    with (
        findings.looking("record store"),
        open_store_to_read(store_url(data_folder)) as store,
        store.reading() as connection,
    ):
        require_triggers(connection)
        findings.ok("record store", f"{size(connection)} entries in the log")


def _runs(data_folder: Path) -> str:
    folders = [path for path in (data_folder / RUNS).glob("*Z-*") if (path / JOURNAL).exists()]
    unsealed = [path.name for path in folders if not (path / SEAL).exists()]
    text = f"can be written, {len(folders)} runs"
    return f"{text}, {len(unsealed)} not closed, {max(unsealed)} last" if unsealed else text


def look_at_clock(
    data_folder: Path,
    station: SettingsFile[Station] | None,
    certificates: Certificates | None,
    findings: Findings,
) -> None:
    """See that the clock is not behind what was written under it before."""
    now = datetime.now(UTC)
    paths = [max((data_folder / RUNS).glob(f"*Z-*/{JOURNAL}"), default=None)]
    paths += [] if station is None else [station.path, *certificate_paths(station).values()]
    known = {
        str(path): datetime.fromtimestamp(path.stat().st_mtime, UTC)
        for path in paths
        if path is not None and path.exists()
    }
    if certificates is not None:
        for head in certificates.heads().values():
            issued = datetime.combine(head.issued, datetime.min.time(), UTC)
            known[f"the issue of certificate {head.number}"] = issued
    text = f"{now:%Y-%m-%d %H:%M:%S} UTC"
    latest = max(known, key=lambda name: known[name], default=None)
    if latest is not None and known[latest] > now + CLOCK_TOLERANCE:
        findings.fail(
            "clock",
            f"it says {text}, but {latest} is of {known[latest]:%Y-%m-%d %H:%M:%S}: the clock was "
            "set back, or was ahead; set it by a time server",
        )
    else:
        findings.ok("clock", f"{text}, not behind what it wrote before")


def look_at_key(
    station: SettingsFile[Station], data_folder: Path, findings: Findings
) -> SigningKey | None:
    """See that the key can sign, may, and is known where runs are to be kept.

    Returns:
        The key, None where none can be known yet.
    """
    said = station.settings
    if said.signing == "after review":
        findings.ok("signing key", "none here: files are signed after review")
        return None
    own = beside(station, said.data_folder) / ENGINEERING_KEY
    if said.mode != "PROD" and not own.exists():
        findings.ok("signing key", f"engineering key {own}: the first run makes it")
        return None
    with findings.looking("signing key"):
        key = key_of(station) if said.mode == "PROD" else read_signing_key(own)
        require_known(key, station, data_folder)
        findings.ok("signing key", f"{key.name}, {key.purpose}, id {key.key_id.hex()}")
        return key
    return None


def look_at_software(findings: Findings) -> None:
    """Name the versions that measure."""
    have = software()
    shown = ("ledcal", "python", "pyvisa", "pyvisa-py", "numpy", "scipy")
    findings.ok("software", ", ".join(f"{name} {have[name]}" for name in shown))
