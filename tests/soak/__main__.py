"""Strike run after run with random troubles, and kill one at every event of its journal."""

import argparse
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.soak.killed import VICTIMS, Killed, kill_at, whole_run
from tests.soak.many_runs import grows, runs_in_one_process
from tests.soak.struck import Struck, strike
from tests.soak.troubles import TROUBLES, Trouble
from tests.system.conftest import live_bench
from tests.validate.page import markdown, write_block

BEYOND = 6
"""A run may have so many events more than the one before it: the warm-up takes what it needs."""


def soak(runs: int, first_seed: int, at_once: int, only: str) -> list[Struck]:
    """Strike runs with troubles: all of them in turn, in an order that the seed shuffles."""
    troubles = [one for one in TROUBLES if only in one.name]
    draw = random.Random(first_seed)
    chosen: list[Trouble] = []
    while len(chosen) < runs:
        chosen += draw.sample(troubles, len(troubles))

    def one(number: int) -> Struck:
        seed = first_seed + number
        began_s = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="ledcal-soak-") as scratch:
            found = strike(chosen[number], seed, Path(scratch) / "run")
        ill = "".join(f"\n    WRONG: {each}" for each in found.problems)
        lasted_s = time.monotonic() - began_s
        print(
            f"{seed:6d} {found.trouble:45} {found.moment:26} {found.outcome:12} {found.code:20} "
            f"{lasted_s:5.0f} s{ill}",
            flush=True,
        )
        return found

    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(one, range(runs)))


def kill_everywhere(at_once: int) -> list[Killed]:
    """Kill a run at each event of its journal; as many panels at once, each with its share."""
    with tempfile.TemporaryDirectory(prefix="ledcal-soak-") as scratch:

        def one(share: int) -> list[Killed]:
            folder = Path(scratch) / str(share)
            serial = f"KILL-{share}"
            with live_bench(folder, serial=serial, seed=share) as bench:
                events = len(whole_run(bench, folder, serial))
                kills = [(n, VICTIMS[n % 3]) for n in range(1 + share, events + BEYOND, at_once)]
                found = []
                for each in kill_at(bench, folder, serial, kills):
                    found.append(each)
                    ill = "".join(f"\n    WRONG: {text}" for text in each.problems)
                    print(f"{each.at:>5} {each.event:35} {each.victim:8} {each.outcome}{ill}")
                return found

        with ThreadPoolExecutor(at_once) as pool:
            return [each for found in pool.map(one, range(at_once)) for each in found]


def struck_table(found: Sequence[Struck]) -> str:
    """Return the table of trouble against outcome."""
    outcomes = sorted({one.outcome for one in found})
    counts = Counter((one.trouble, one.outcome) for one in found)
    rows = []
    for name in dict.fromkeys(one.name for one in TROUBLES):
        mine = [one for one in found if one.trouble == name]
        if mine:
            wrong = sum(bool(one.problems) for one in mine)
            cells = [str(counts[name, outcome] or "") for outcome in outcomes]
            rows.append((name, str(len(mine)), *cells, str(wrong)))
    return markdown(("trouble", "runs", *outcomes, "wrong"), rows)


def killed_table(found: Sequence[Killed]) -> str:
    """Return the table of kills by kind of event."""
    rows = []
    for kind in dict.fromkeys(one.event for one in sorted(found, key=lambda one: one.at)):
        mine = [one for one in found if one.event == kind]
        outcomes = Counter(one.outcome for one in mine)
        said = ", ".join(f"{n} {outcome}" for outcome, n in sorted(outcomes.items()))
        rows.append((kind, str(len(mine)), said, str(sum(bool(one.problems) for one in mine))))
    return markdown(("killed after", "kills", "outcome", "wrong"), rows)


def main() -> int:
    """Run what was asked for; return 1 when anything was wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--runs", type=int, default=300, help="struck runs")
    parser.add_argument("--seed", type=int, default=1, help="draws troubles and moments")
    parser.add_argument("--at-once", type=int, default=3, help="runs at once")
    parser.add_argument("--only", default="", help="troubles with this in their name")
    parser.add_argument("--killed", action="store_true", help="kill a run at every event instead")
    parser.add_argument("--in-one-process", type=int, metavar="RUNS", help="this instead")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the table on this page")
    options = parser.parse_args()
    before = len(os.listdir("/proc/self/fd"))
    if options.in_one_process:
        usage = runs_in_one_process(options.in_one_process)
        problems = grows(usage)
        name, table = (
            "one process",
            markdown(
                ("after runs", "file descriptors", "threads", "memory in MiB"),
                [
                    (str(u.runs), str(u.descriptors), str(u.threads), f"{u.memory_mib:.1f}")
                    for u in usage
                ],
            ),
        )
    elif options.killed:
        killed = kill_everywhere(options.at_once)
        problems = [f"{one.at}: {text}" for one in killed for text in one.problems]
        name, table = "killed", killed_table(killed)
    else:
        found = soak(options.runs, options.seed, options.at_once, options.only)
        problems = [f"{one.trouble}: {text}" for one in found for text in one.problems]
        name, table = "soak", f"Seed {options.seed}.\n\n{struck_table(found)}"
    if (after := len(os.listdir("/proc/self/fd"))) > before:
        problems.append(f"{after - before} file descriptors leaked")
    print(f"\n{table}\n\n{len(problems)} wrong")
    if options.write:
        write_block(options.write, name, table)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
