"""A data folder as a station leaves it, made by the code that writes records; no light is made."""

import copy
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import tomli_w

from ledcal.calibration.outcome import Outcome
from ledcal.rig.certificates import certificate_paths
from ledcal.rig.closing import REPORT, close_run, finished
from ledcal.rig.key_file import new_key_file, public_file
from ledcal.rig.keys import SigningKey, engineering_key
from ledcal.rig.product import read_product
from ledcal.rig.release import write_files
from ledcal.rig.review import state_on
from ledcal.rig.run import RUNS, Request, keep_copies, start_run
from ledcal.rig.station import read_station
from ledcal.rig.store.opened import STORE
from ledcal.rig.trust import trust
from tests.rig.conftest import FILES, SERIAL, panel_content, panel_identity
from tests.rig.test_spectra_file import take
from tests.rig.test_touched import result

NAMES = tuple(f"20260301T1{hour}0000000Z-{SERIAL}" for hour in range(3))


@dataclass(frozen=True)
class Archive:
    """A data folder with what lies outside of it.

    Attributes:
        data: The data folder.
        outside: A folder that no attacker reaches: certificates as customers have them.
    """

    data: Path
    outside: Path

    @property
    def runs(self) -> list[Path]:
        return [self.data / RUNS / name for name in NAMES]

    @property
    def store(self) -> Path:
        return self.data / STORE

    @property
    def key(self) -> SigningKey:
        return engineering_key(self.data)

    @contextmanager
    def database(self) -> Iterator[sqlite3.Connection]:
        """Open the store as somebody who takes its guards away, and puts them back after."""
        with closing(sqlite3.connect(self.store)) as connection:
            guards = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
            before = dict(connection.execute(guards).fetchall())
            for name in before:
                connection.execute(f"DROP TRIGGER {name}")
            yield connection
            for statement in before.values():
                connection.execute(statement)
            connection.commit()

    def copied(self, folder: Path) -> "Archive":
        """Return a copy, to be spoilt."""
        shutil.copytree(self.data, folder / "data", symlinks=True)
        shutil.copytree(self.outside, folder / "outside")
        return Archive(folder / "data", folder / "outside")


def make_archive(
    folder: Path, names: tuple[str, ...] = NAMES, engineers: bytes | None = None
) -> Archive:
    """Make a data folder of closed runs, the second of them reviewed and approved.

    Args:
        folder: A new one.
        names: Ids of the runs.
        engineers: Content of each engineers' report; None for one that pytest-html writes.
    """
    archive = Archive(folder / "data", folder / "outside")
    archive.outside.mkdir(parents=True)
    bench = folder / "bench"
    bench.mkdir()
    for name, content in FILES.items():
        (bench / f"{name}.toml").write_text(tomli_w.dumps(content), encoding="utf-8")
    if engineers is None:
        engineers = step_report(folder)
    for name in names:
        run = archive.data / RUNS / name
        close_one(run, bench / "station.toml", archive.data, engineers)
        shutil.copy(run / "certificate.html", archive.outside / f"{name}.html")
        shutil.copy(archive.store, archive.outside / f"after {name}.sqlite")
    for person, meaning in (("Ann", "reviewed"), ("Bob", "approved")):
        path = folder / f"{person}.toml"
        new_key_file(path, person, "ENG")
        trust(public_file(path), archive.data)
        state_on(
            archive.data / RUNS / names[1],
            meaning,  # type: ignore[arg-type]  # the pairs above are of the literals
            person,
            "",
            path,
            archive.data,
        )
    return archive


def close_one(
    folder: Path,
    station_file: Path,
    data: Path,
    engineers: bytes = b"",
    of: Callable[[str, dict[str, Any]], dict[str, Any]] = lambda _, facts: facts,
    product_file: Path | None = None,
    **request: Any,
) -> None:
    """Close a run that wrote a file and then ended FAIL.

    Args:
        folder: Of the run.
        station_file: Of the station.
        data: The data folder.
        engineers: Content of the engineers' report.
        of: Changes the facts of each event, by its name, before it is written.
        product_file: Product file, None for the one that ships with ledcal.
        request: What was asked for.
    """
    key = engineering_key(data)
    station, identity = read_station(station_file), panel_identity()
    product = read_product(product_file)
    folder.mkdir(parents=True)
    asked = Request(**({"serial": SERIAL, "operator": "Tom"} | request))
    journal = start_run(folder, asked, station, product)
    keep_copies(folder, station, product, certificate_paths(station))
    journal.append("panel", of("panel", asdict(identity)))
    for instrument in (METER, SPECTROMETER):
        journal.append("instrument", of("instrument", copy.deepcopy(instrument)))
    released = write_files(folder, panel_content(identity), {"run": folder.name}, identity, key)
    journal.append("calibration_file", released.event("written"))
    journal.append(
        "measured", of("measured", result(99.0, 98.0, 101.0, verdict="FAIL", where=WHERE))
    )
    journal.append("note", of("note", {"code": "SMALL", "text": "one small thing"}))
    reasons = [of("reason", {"code": "OUT_OF_LIMITS", "text": "too dark"})]
    journal.append("run_finished", finished(Outcome.FAIL, reasons))
    journal.close()
    take(folder)
    (folder / REPORT).write_bytes(engineers)
    close_run(folder, key)


WHERE = {"request_fraction": 1.0, "board_degc": 40.5, "hazard": "retina"}
METER: dict[str, Any] = {
    "role": "power_meter",
    "maker": "Thorlabs",
    "model": "PM103",
    "serial": "M1",
    "firmware": "1",
    "resource": "ASRL1::INSTR",
    "certificate": {"number": "EMU-PM-1", "due": "2027-01-01"},
}

SPECTROMETER: dict[str, Any] = METER | {
    **{"role": "spectrometer", "maker": "JETI", "model": "specbos 1211", "serial": "S1"},
    "certificate": {"number": "EMU-SP-1", "due": "2027-01-01"},
}


def step_report(folder: Path, source: str = "def test_one(): pass\n", *more: str) -> bytes:
    """Return what pytest-html writes in a session of the plugin, whatever its tests are."""
    place = folder / "steps"
    place.mkdir(parents=True)
    (place / "test_steps.py").write_text(source, encoding="utf-8")
    command = [
        *(sys.executable, "-m", "pytest", "-q", "--noconftest", "-p", "no:cacheprovider"),
        *("-c", "/dev/null", "--rootdir", str(place), str(place / "test_steps.py")),
        *("-p", "ledcal.fixtures.plugin", "-p", "pytest_metadata.plugin"),
        *("-p", "pytest_html.plugin", "--html", str(place / REPORT)),
        *("--ledcal-serial", "DEMO-0001", *more),
    ]
    done = subprocess.run(
        command,
        capture_output=True,
        check=False,
        env=dict(os.environ) | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        cwd=place,
    )
    if not (place / REPORT).is_file():
        raise AssertionError(done.stdout.decode(errors="replace"))
    return (place / REPORT).read_bytes()
