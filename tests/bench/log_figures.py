"""What the log costs: an entry, its proof, the check of all, and the way to the site."""

import hashlib
import sqlite3
import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from ledcal.rig.keys import SigningKey, engineering_key, signature_holds
from ledcal.rig.log_book import enter
from ledcal.rig.run import RUNS
from ledcal.rig.site.admission import admit, introduce
from ledcal.rig.site.check import verify_site
from ledcal.rig.site.server import SiteServer
from ledcal.rig.store.log import LogEntry, prove_growth, prove_inclusion, root
from ledcal.rig.store.opened import STORE, open_store, open_store_to_read, store_url
from ledcal.rig.store.verify_log import verify_log
from ledcal.rig.upload import upload
from ledcal.rig.upload_http import SiteClient
from tests.bench import samples
from tests.bench.figure import Figure, Row
from tests.bench.stopwatch import Cost, cost_of, cost_once
from tests.rig.site.conftest import served
from tests.rig.site.long_copy import make_long_copy
from tests.rig.store.long_log import make_long_log

ENTRIES, EVERY = 200_000, 1000
RUNS_UPLOADED = 5


def log_figures(folder: Path) -> Iterator[Figure]:
    key = engineering_key(folder)
    size = make_long_log(folder, key, ENTRIES, EVERY)
    hashed, checked = cost_of(
        lambda: _hash_entries(folder), lambda: _verify(folder, key, ENTRIES), count=5
    )
    yield Figure(
        title=f"a log of {ENTRIES} entries, {size / 1e6:.0f} MB, checked (limit 1000 ms CPU)",
        rows=[Row(text=f"verify_log, {ENTRIES // EVERY} checkpoints", cost=checked)],
        bare=Row(text="the entries read and hashed once, by sqlite3", cost=hashed),
    )
    every = folder / "every"
    every.mkdir()
    signer = engineering_key(every)
    make_long_log(every, signer, ENTRIES, 1)
    signed = cost_once(lambda: _verify(every, signer, ENTRIES))
    yield Figure(
        title="as a station writes it, whose signatures are checked on all processors at once",
        rows=[Row(text=f"verify_log, {ENTRIES} checkpoints, one per entry", cost=signed)],
    )
    yield from _work_figures(folder, key)
    yield _copy_figure(folder / "site")


def _copy_figure(site: Path) -> Figure:
    (site / RUNS).mkdir(parents=True)
    size = make_long_copy(site, engineering_key(site), ENTRIES, EVERY)
    checked = cost_once(lambda: verify_site(site, store_url(site)))
    tracemalloc.start()
    verify_site(site, store_url(site))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    text = f"verify_site, {ENTRIES // EVERY} uploads, {peak / 1e6:.1f} MB of Python's memory"
    return Figure(
        title=f"a site's copy of a log of {ENTRIES} entries, {size / 1e6:.0f} MB",
        rows=[Row(text=text, cost=checked)],
    )


def _work_figures(folder: Path, key: SigningKey) -> Iterator[Figure]:
    url = store_url(folder)
    entry = LogEntry(kind="bench", subject="S1", who="ann", station="bench", facts={"n": 1})

    def reopen() -> None:
        with open_store(url):
            pass

    message = b"x" * 100
    opened, entered, signed = cost_of(
        reopen, lambda: enter(entry, key, url), lambda: key.sign(message), count=40
    )
    with open_store_to_read(url) as store, store.reading() as connection:
        rooted, included, grown = cost_of(
            lambda: root(connection, ENTRIES),
            lambda: prove_inclusion(connection, ENTRIES // 3, ENTRIES),
            lambda: prove_growth(connection, ENTRIES // 3, ENTRIES),
            count=40,
        )
    yield Figure(
        title=f"work on a log of {ENTRIES} entries",
        rows=[
            Row(text="open_store: migrations and guards looked at", cost=opened),
            Row(text="enter: opened, appended, checkpoint signed, proof", cost=entered),
            Row(text="root, as a checkpoint states it", cost=rooted),
            Row(text="prove_inclusion", cost=included),
            Row(text="prove_growth", cost=grown),
        ],
        bare=Row(text="Ed25519 signature alone", cost=signed),
    )


def upload_figures(folder: Path) -> Iterator[Figure]:
    """Whole runs brought to a site in this process: the station's work and the site's together."""
    station, site = folder / "station", folder / "site"
    site.mkdir()
    key = engineering_key(station)
    size = 0
    for number in range(RUNS_UPLOADED):
        name = f"20260301T{120000000 + number:09d}Z-{samples.identity().serial}"
        run = samples.sealed_run(station / RUNS / name, samples.calibration(), key)
        size += sum(path.stat().st_size for path in run.iterdir() if path.is_file())
    public = folder / "station.pub"
    public.write_bytes(introduce(station, "bench"))
    with (
        open_store(store_url(site)) as store,
        served(SiteServer(store, site, engineering_key(site))) as address,
    ):
        client = SiteClient(address, admit(site, store, "bench", [public]))
        brought = cost_once(lambda: _bring(station, client, RUNS_UPLOADED))
        again = cost_once(lambda: _bring(station, client, 0))
    each = Cost(
        cpu_s=brought.cpu_s / RUNS_UPLOADED,
        wall_s=brought.wall_s / RUNS_UPLOADED,
        count=RUNS_UPLOADED,
    )
    yield Figure(
        title=f"a run of {size / RUNS_UPLOADED / 1e6:.1f} MB uploaded, both ends in this process",
        rows=[
            Row(text="upload, each run, checked by the site", cost=each),
            Row(text="upload when the site has everything", cost=again),
        ],
    )


def _bring(station: Path, client: SiteClient, runs: int) -> None:
    done = upload(station, client, lambda words: None)
    assert (len(done.runs), done.left) == (runs, ())


def _verify(folder: Path, key: SigningKey, entries: int) -> None:
    with open_store_to_read(store_url(folder)) as store, store.reading() as connection:
        found = verify_log(connection, {key.key_id.hex(): key.public}, signature_holds, {})
    assert (found.size, found.findings) == (entries, ())


def _hash_entries(folder: Path) -> None:
    with closing(sqlite3.connect(folder / STORE)) as connection:
        for (entry,) in connection.execute("SELECT entry FROM log_entry ORDER BY number"):
            hashlib.sha256(entry).digest()
