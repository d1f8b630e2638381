"""The published references, as `tox -e validate` holds them."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_every_published_reference_is_reached() -> None:
    command = [sys.executable, "-m", "tests.validate"]
    ended = subprocess.run(
        command, cwd=ROOT, capture_output=True, encoding="utf-8", timeout=120, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "0 missed" in ended.stdout
