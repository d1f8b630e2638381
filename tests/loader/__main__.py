"""Prove the loader: `python -m tests.loader` runs every test of it, the long ones too.

The long ones are the files prove_*.py, which an ordinary pytest run does not collect. What each
test holds, and with how many cases, is printed as a table; so are sizes and costs beside their
limits. The exit status is 1 when anything fails, is missing or is above its limit.
"""

import shutil
import sys
from typing import Any, Final

import pytest

from tests.loader.toolchain import HERE

TOOLS: Final = {
    "gcc": "gcc",
    "make": "make",
    "clang": "clang",
    "scan-build": "clang-tools",
    "llvm-cov": "llvm",
    "arm-none-eabi-gcc": "gcc-arm-none-eabi",
    "arm-linux-gnueabihf-gcc": "gcc-arm-linux-gnueabihf",
    "s390x-linux-gnu-gcc": "gcc-s390x-linux-gnu",
    "qemu-arm": "qemu-user",
    "qemu-s390x": "qemu-user",
}
"""Program -> the Debian package that has it."""

ITEMS: Final = (
    "single-bit flips",
    "flips with the CRC repaired",
    "truncations",
    "extensions",
    "power cuts",
    "wrong board, key or number: its own error",
    "signed nonsense",
    "dead CRC unit",
    "look-ups equal to Python's",
    "every request of small tables",
    "vectors under ASan and UBSan",
    "vectors on s390x (big-endian)",
    "vectors on Arm",
    "sources clean in gcc -fanalyzer and clang --analyze",
    "fuzzed inputs, signature forced good",
    "lines of the loader that fuzzing and vectors run",
    "Wycheproof's Ed25519: the host's hook",
    "Wycheproof's Ed25519: the rig",
    "Wycheproof's Ed25519: Monocypher",
    "mutants of ledcal_load.c, all found or equivalent",
    "mutants of ledcal_slots.c, all found or equivalent",
)
"""What the proof must hold: a test that goes missing makes the command fail."""


class Table:
    """Collects what the tests tell by the fixtures `proves` and `costs`."""

    def __init__(self) -> None:
        self.cases: dict[str, int] = {}
        self.costs: list[tuple[str, int, int | None, str]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when != "call":
            return
        told: list[tuple[str, Any]] = list(report.user_properties)
        for name, content in told:
            if name == "costs":
                self.costs.append(content)
            elif name == "proves":
                item, cases = content
                self.cases[item] = self.cases.get(item, 0) + cases

    def text(self) -> str:
        """The two tables."""
        wide = max(len(item) for item in [*ITEMS, *(what for what, *_ in self.costs)])
        lines = ["", f"{'proof':{wide}}       cases"]
        for item in [*ITEMS, *(item for item in self.cases if item not in ITEMS)]:
            cases = self.cases.get(item, 0)
            told = cases if cases or item not in ITEMS else "MISSING"
            lines.append(f"{item:{wide}}  {told:>10}")
        lines += ["", f"{'cost':{wide}}      figure       limit"]
        for what, figure, limit, unit in self.costs:
            against = "" if limit is None else f"{limit}"
            mark = " EXCEEDED" if limit is not None and figure > limit else ""
            lines.append(f"{what:{wide}}  {figure:>10}  {against:>10}  {unit}{mark}")
        return "\n".join(lines)


def main() -> int:
    missing = {tool: package for tool, package in TOOLS.items() if shutil.which(tool) is None}
    if missing:
        sys.exit(
            f"not found: {', '.join(missing)}. On Debian, as root:\n"
            f"apt-get install {' '.join(sorted(set(missing.values())))}"
        )
    table = Table()
    status = pytest.main(
        [str(HERE), "-q", "-rs", "-o", "python_files=test_*.py prove_*.py", *sys.argv[1:]],
        plugins=[table],
    )
    print(table.text())
    return int(status != 0 or any(item not in table.cases for item in ITEMS))


if __name__ == "__main__":
    sys.exit(main())
