"""Run under a HardPy of its own: COUNT tests of one measurement each, kept in its JSON files.

Arguments: how many tests, and the folder. Prints the processor time and wall time of the whole
session as JSON. Nothing of ledcal is imported here.
"""

import json
import sys
import time
from pathlib import Path

import pytest

CONFIG = """
title = "bench"
tests_name = "bench"

[database]
storage_type = "json"
storage_path = "store"
"""
TESTS = """
import hardpy
import pytest

@pytest.mark.parametrize("number", range({count}))
def test_irradiance(number):
    hardpy.set_case_measurement(
        hardpy.NumericMeasurement(
            value=100.0 + number * 1e-6, name="irradiance", unit="W/m2",
            lower_limit=90.0, upper_limit=110.0,
        )
    )
"""


def main():
    """Run the tests and print what they cost."""
    count, folder = int(sys.argv[1]), Path(sys.argv[2])
    (folder / "hardpy.toml").write_text(CONFIG, encoding="utf-8")
    (folder / "test_bench.py").write_text(TESTS.format(count=count), encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --hardpy-pt\n", encoding="utf-8")
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    code = pytest.main(["-q", "-p", "no:cacheprovider", "--rootdir", str(folder), str(folder)])
    cpu_s, wall_s = time.process_time() - cpu_s, time.perf_counter() - wall_s
    kept = max(
        one.read_text("utf-8").count('"W/m2"') for one in (folder / "store").rglob("*.json")
    )
    print(json.dumps({"passed": code == 0, "kept": kept, "cpu_s": cpu_s, "wall_s": wall_s}))


if __name__ == "__main__":
    main()
