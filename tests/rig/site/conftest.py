"""A site that is served in this process, on either database, and stations with closed runs."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest
import uvicorn

from ledcal.calibration.outcome import Outcome
from ledcal.rig.certificates import certificate_paths
from ledcal.rig.closing import close_run, finished
from ledcal.rig.keys import SigningKey, engineering_key
from ledcal.rig.product import Product
from ledcal.rig.run import RUNS, Request, keep_copies, start_run
from ledcal.rig.settings import SettingsFile
from ledcal.rig.site.admission import admit, introduce
from ledcal.rig.site.server import SiteServer
from ledcal.rig.site.site_log import Alarm, alarms
from ledcal.rig.station import Station
from ledcal.rig.store.opened import Store, open_store
from ledcal.rig.upload import Uploaded, upload
from ledcal.rig.upload_http import SiteClient
from tests.rig.conftest import SERIAL, panel_identity
from tests.rig.store.conftest import postgresql, url

__all__ = ["postgresql", "url"]  # fixtures

METER = {
    **{"role": "power_meter", "maker": "Thorlabs", "model": "PM103", "serial": "M1"},
    **{"firmware": "1", "resource": "ASRL1::INSTR"},
    "certificate": {"number": "EMU-PM-1", "due": "2027-01-01"},
}


@dataclass(frozen=True)
class AtSite:
    """A station's data folder, and its token at the site."""

    name: str
    data_folder: Path
    token: str


@dataclass(frozen=True)
class LiveSite:
    """A site that is served."""

    url: str
    data_folder: Path
    store: Store
    key: SigningKey

    def client(self, token: str, patience_s: float = 5.0) -> SiteClient:
        return SiteClient(self.url, token, patience_s=patience_s)

    def upload(self, station: AtSite) -> Uploaded:
        return upload(station.data_folder, self.client(station.token), lambda words: None)

    def alarms(self) -> list[Alarm]:
        with self.store.reading() as connection:
            return alarms(connection)

    def runs(self) -> list[str]:
        return sorted(path.name for path in (self.data_folder / RUNS).glob("*"))


def run_id(number: int) -> str:
    return f"20260301T{120000000 + number:09d}Z-{SERIAL}"


@contextmanager
def served(server: SiteServer) -> Iterator[str]:
    """Serve until the context ends; yield the URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(
            server.app(["127.0.0.1"]), log_level="critical", lifespan="off", access_log=False
        )
        serving = uvicorn.Server(config)
        thread = threading.Thread(target=serving.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            serving.should_exit = True
            thread.join(timeout=20)
            assert not thread.is_alive()


@pytest.fixture
def site(url: str, tmp_path: Path) -> Iterator[LiveSite]:
    data_folder = tmp_path / "site"
    data_folder.mkdir(exist_ok=True)
    key = engineering_key(data_folder)
    with open_store(url) as store, served(SiteServer(store, data_folder, key)) as address:
        yield LiveSite(address, data_folder, store, key)


@pytest.fixture(scope="session")
def wait_until() -> Callable[..., None]:
    """Look until a condition holds; fail after twenty seconds."""

    def wait(condition: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + 20.0
        while not condition():
            assert time.monotonic() < end, f"not within 20 s: {what}"

    return wait


CloseRun = Callable[..., Path]


@pytest.fixture
def close_one(station: SettingsFile[Station], product: SettingsFile[Product]) -> CloseRun:
    """Close a small run in a data folder; its number names it."""

    def close(data_folder: Path, number: int, reason: str = "test") -> Path:
        folder = data_folder / RUNS / run_id(number)
        folder.mkdir(parents=True)
        request = Request(serial=SERIAL, reason=reason)
        journal = start_run(folder, request, station, product)
        keep_copies(folder, station, product, certificate_paths(station))
        journal.append("panel", asdict(panel_identity()))
        journal.append("instrument", METER)
        journal.append("run_finished", finished(Outcome.ABORTED, [{"code": "X", "text": "y"}]))
        journal.close()
        close_run(folder, engineering_key(data_folder))
        return folder

    return close


Admit = Callable[..., AtSite]


@pytest.fixture
def admitted(tmp_path: Path, site: LiveSite, close_one: CloseRun) -> Admit:
    """Make a station with some closed runs, and admit it."""

    def make(name: str, *numbers: int) -> AtSite:
        data_folder = tmp_path / name
        for number in numbers:
            close_one(data_folder, number)
        public = tmp_path / f"{name}.pub"
        public.write_bytes(introduce(data_folder, name))
        token = admit(site.data_folder, site.store, name, [public])
        return AtSite(name, data_folder, token)

    return make
