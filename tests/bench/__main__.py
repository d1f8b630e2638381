"""Print figures measured side by side in this one run: `python -m tests.bench [WORD...]`.

With words only the figures whose names hold one of them: `log`, `peer`, `growth`, ...

Each is the median of n samples; where there is a bare thing to compare with, both take turns and
the last column says how many times its processor time is needed. Nothing is asserted about time,
and only figures of one run are comparable.
"""

import os
import platform
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from tests.bench.figure import Figure, Row
from tests.bench.figures import ALL

WIDTH = 62


def main() -> None:
    """Measure and print, figure by figure."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("ledcal", "pyvisa-py", "numpy"))
    words = sys.argv[1:]
    chosen = [one for one in ALL if not words or any(word in one.__name__ for word in words)]
    if not chosen:
        sys.exit(f"no such figures; there are {', '.join(one.__name__ for one in ALL)}")
    print(f"Python {platform.python_version()}, {packages}, {os.cpu_count()} processors")
    print(f"{'':{WIDTH}}  CPU ms  wall ms    n  times bare")
    # Where runs are kept: in memory a file system would sync in no time.
    with tempfile.TemporaryDirectory(prefix=".ledcal-bench-", dir=Path.cwd()) as name:
        for number, figures in enumerate(chosen):
            folder = Path(name) / str(number)
            folder.mkdir()
            for figure in figures(folder):
                show(figure)


def show(figure: Figure) -> None:
    """Print one figure, the bare row last."""
    print(figure.title)
    for row in figure.rows:
        times = ""
        if figure.bare is not None:
            times = f"{row.cost.cpu_s / figure.bare.cost.cpu_s:10.2f}"
        print(line(row) + times)
    if figure.bare is not None:
        print(line(figure.bare) + f"{'1':>10}")
    sys.stdout.flush()


def line(row: Row) -> str:
    """Return a row up to its ratio."""
    text = f"  {row.text}{f', {row.note}' if row.note else ''}"
    return f"{text:{WIDTH}}{_ms(row.cost.cpu_s)} {_ms(row.cost.wall_s)} {row.cost.count:4}"


def _ms(duration_s: float) -> str:
    """Return milliseconds with three significant digits."""
    duration_ms = 1000 * duration_s
    digits = 4 if duration_ms < 0.1 else 3 if duration_ms < 1 else 2 if duration_ms < 10 else 1
    return f"{duration_ms:8.{digits}f}"


if __name__ == "__main__":
    main()
