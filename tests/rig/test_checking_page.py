"""The script in docs/checking.md checks a run's folder without ledcal, and agrees to no other."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "checking.md"


def checked(run: Path) -> subprocess.CompletedProcess[str]:
    found = re.search(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    command = [sys.executable, "-I", "-c", found[1]]
    return subprocess.run(command, cwd=run, capture_output=True, text=True, check=False)


@pytest.fixture
def second(make_run: Callable[..., Path]) -> Path:
    make_run(operator="Tom")
    return make_run("20260302T120000000Z-TEST-0001", operator="Tom")


def test_a_whole_run_holds(second: Path) -> None:
    done = checked(second)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"run {second.name} holds; key ")


@pytest.mark.parametrize("name", ["record.json", "record.dsse.json", "log.proof", "seal.json"])
def test_an_altered_one_does_not(second: Path, name: str) -> None:
    content = (second / name).read_bytes()
    at = len(content) // 2
    (second / name).write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
    done = checked(second)
    assert done.returncode != 0
    assert "holds" not in done.stdout
