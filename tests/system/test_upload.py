"""Eight stations upload at once while the site is killed and comes back: all arrives, once."""

import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
import tomli_w
from sqlalchemy import select

from ledcal.calibration.outcome import Outcome
from ledcal.rig.certificates import certificate_paths
from ledcal.rig.closing import close_run, finished
from ledcal.rig.keys import engineering_key
from ledcal.rig.product import read_product
from ledcal.rig.run import RUNS, Request, keep_copies, start_run
from ledcal.rig.site.admission import admit, introduce
from ledcal.rig.site.reception import INCOMING
from ledcal.rig.site.site_log import RECEIVED
from ledcal.rig.station import read_station
from ledcal.rig.store.opened import open_store, open_store_to_read
from ledcal.rig.store.schema import LOG_ENTRY, RUN, STATION_ENTRY
from ledcal.rig.upload_bundle import bundle_sha256
from tests.rig.conftest import FILES, SERIAL
from tests.rig.store.conftest import postgresql, url

__all__ = ["postgresql", "url"]  # fixtures
pytestmark = pytest.mark.system
STATIONS, RUNS_EACH = 8, 3
KILL_AT = (3, 12)
"""How many runs have arrived when the site is killed."""


@dataclass(frozen=True)
class Fleet:
    """Data folders of stations with closed runs; nothing of them changes when they upload."""

    folders: list[Path]
    bundles: dict[str, str]


@pytest.fixture(scope="session")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    folder = tmp_path_factory.mktemp("fleet")
    for name, content in FILES.items():
        (folder / f"{name}.toml").write_text(tomli_w.dumps(content), encoding="utf-8")
    station, product = read_station(folder / "station.toml"), read_product(None)
    folders, bundles = [folder / f"station-{number}" for number in range(STATIONS)], {}
    for number, data_folder in enumerate(folders):
        for count in range(RUNS_EACH):
            run = data_folder / RUNS / f"20260301T1200{number:02}{count:03}Z-{SERIAL}"
            run.mkdir(parents=True)
            journal = start_run(run, Request(serial=SERIAL), station, product)
            keep_copies(run, station, product, certificate_paths(station))
            end = finished(Outcome.ABORTED, [{"code": "X", "text": "y"}])
            journal.append("run_finished", end)
            journal.close()
            close_run(run, engineering_key(data_folder))
            bundles[run.name] = bundle_sha256(run)
    return Fleet(folders, bundles)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def site(data_folder: Path, url: str, port: int) -> Iterator["subprocess.Popen[str]"]:
    """Serve a site in a process of its own, until it is killed at the latest."""
    command = [sys.executable, "-m", "ledcal.rig", "site", "--data", str(data_folder)]
    command += ["--store", url, "--listen", f"127.0.0.1:{port}"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == f"http://127.0.0.1:{port}\n"
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def token_file(folder: Path, place: Path, url: str) -> Path:
    """Let the site know a station; return the file with its token."""
    name = folder.name
    public, token = place.parent / f"{name}.pub", place.parent / f"{name}.token"
    public.write_bytes(introduce(folder, name))
    token.touch(mode=0o600)
    with open_store(url) as store:
        token.write_text(admit(place, store, name, [public]))
    return token


def test_nothing_is_lost_and_nothing_is_there_twice(
    fleet: Fleet, url: str, wait_for: Callable[..., None], tmp_path: Path
) -> None:
    place, port = tmp_path / "site", free_port()
    place.mkdir()
    tokens = [token_file(folder, place, url) for folder in fleet.folders]
    uploads = [
        subprocess.Popen(
            [
                *(sys.executable, "-m", "ledcal.rig", "upload", "--data", str(folder)),
                *("--to", f"http://127.0.0.1:{port}", "--token-file", str(token)),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for folder, token in zip(fleet.folders, tokens, strict=True)
    ]

    def arrived(least: int) -> bool:
        return len(list((place / RUNS).glob("*"))) >= least

    for least in KILL_AT:
        with site(place, url, port) as server:
            wait_for(partial(arrived, least), limit_s=60, what=f"{least} runs")
            server.send_signal(signal.SIGKILL)
            server.wait()
        assert not arrived(len(fleet.bundles)), "the site was never killed at its work"
    with site(place, url, port) as server:
        for upload in uploads:
            said, _ = upload.communicate(timeout=120)
            assert upload.returncode == 0, said
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=30)
        assert server.returncode in (0, -signal.SIGTERM)
    here = {run.name: bundle_sha256(run) for run in (place / RUNS).glob("*")}
    assert here == fleet.bundles
    assert list((place / INCOMING).glob("*")) == []
    with open_store_to_read(url) as store, store.reading() as connection:
        runs = connection.execute(select(RUN.c.run)).scalars().all()
        received = (
            connection.execute(select(LOG_ENTRY.c.subject).where(LOG_ENTRY.c.kind == RECEIVED))
            .scalars()
            .all()
        )
        entries = connection.execute(select(STATION_ENTRY.c.subject)).scalars().all()
    assert sorted(runs) == sorted(fleet.bundles)
    assert sorted(entries) == sorted([*fleet.bundles] * 2)  # each run, and its seal
    assert sorted(received) == sorted(fleet.bundles.values())
