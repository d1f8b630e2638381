"""The coverage study runs; what it finds is for a thousand panels, by `tox -e coverage-study`."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_a_few_virtual_panels_go_through_the_study() -> None:
    command = [sys.executable, "-m", "tests.coverage_study", "--panels", "2", "--processes", "1"]
    ended = subprocess.run(
        command, cwd=ROOT, capture_output=True, encoding="utf-8", timeout=120, check=False
    )
    assert "2 virtual panels of 2" in ended.stdout, ended.stdout + ended.stderr
    assert "0 had no result" in ended.stdout
    for quantity in ("irradiance at 25%", "centroid", "FWHM", "temperature coefficient b1"):
        assert quantity in ended.stdout
