"""Open the bench, identify, zero, light, observe and close, again and again in one process."""

import gc
import os
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ledcal.rig.bench import open_bench
from ledcal.rig.certificates import read_certificates
from ledcal.rig.characterise import require_light, zero_power_meter
from ledcal.rig.identify import identify_instruments, identify_panel
from ledcal.rig.journal import Journal, read_journal
from ledcal.rig.observation import FULL_CODE, ByDrive, Observer
from ledcal.rig.product import read_product
from ledcal.rig.station import read_station
from tests.soak.killed import QUICK_PRODUCT
from tests.system.conftest import LiveBench, live_bench

SERIAL = "MANY-RUNS"
WARM_UP_SHARE = 10
"""What is loaded and cached on first use is there after the first tenth of the runs."""
GROWTH_MIB = 4.0
"""Memory that 180 runs may add: 20 kB a run, less than one spectrum's reading takes as text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What this process holds after a number of runs."""

    runs: int
    descriptors: int
    threads: int
    memory_mib: float


def runs_in_one_process(runs: int) -> list[Usage]:
    """Return what this process holds after a tenth of the runs, and after all of them."""
    usage = []
    with tempfile.TemporaryDirectory(prefix="ledcal-soak-") as scratch:
        folder = Path(scratch)
        with live_bench(folder / "run", serial=SERIAL) as bench:
            for number in range(1, runs + 1):
                _one(bench, folder / f"{number}")
                if number in (max(1, runs // WARM_UP_SHARE), runs):
                    usage.append(_usage(number))
    return usage


def grows(usage: Sequence[Usage]) -> list[str]:
    """Return what has grown, in words."""
    first, last = usage[0], usage[-1]
    problems = []
    if last.descriptors != first.descriptors:
        problems.append(f"file descriptors: {first.descriptors}, later {last.descriptors}")
    if last.threads != first.threads:
        problems.append(f"threads: {first.threads}, later {last.threads}")
    if last.memory_mib > first.memory_mib + GROWTH_MIB:
        problems.append(f"memory: {first.memory_mib:.1f} MiB, later {last.memory_mib:.1f} MiB")
    return problems


def _one(bench: LiveBench, folder: Path) -> None:
    """Do what each run does, without the long warm-up."""
    folder.mkdir()
    station = read_station(bench.station)
    product = read_product(QUICK_PRODUCT).settings
    journal = Journal.create(folder)
    transcript = folder / "transcript.jsonl"
    with open_bench(station, read_certificates(station), SERIAL, transcript) as opened:
        observer = Observer(
            bench=opened,
            cut_off=product.cut_off,
            note=lambda code, text: journal.append("note", {"code": code, "text": text}),
        )
        assert len(identify_instruments(opened)) == 3
        identify_panel(opened.panel).require(product)
        zero_power_meter(observer)
        require_light(observer, product)
        lights = [ByDrive({channel: FULL_CODE // 4}) for channel in list(product.channels)[:2]]
        observations = observer.observe(lights, integration_s=0.05)
        journal.append("observations", {"count": len(observations)})
    journal.close()
    assert read_journal(folder)[-1]["event"] == "observations"
    assert bench.truth(ask="state")["dark"]


def _usage(runs: int) -> Usage:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return Usage(
        runs=runs,
        descriptors=len(os.listdir("/proc/self/fd")),
        threads=threading.active_count(),
        memory_mib=pages * os.sysconf("SC_PAGE_SIZE") / 2**20,
    )
