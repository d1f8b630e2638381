"""The same answers on other processors, and nothing that the analyzers can find."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.loader.toolchain import FIRMWARE, LOADER, SLOTS, STRICT, answers, build_host, run

Proves = Callable[[str, int], None]


@pytest.mark.parametrize(
    ("compiler", "emulator", "item"),
    [
        ("s390x-linux-gnu-gcc", "qemu-s390x", "vectors on s390x (big-endian)"),
        ("arm-linux-gnueabihf-gcc", "qemu-arm", "vectors on Arm"),
        ("clang", None, "vectors with clang"),
    ],
)
def test_answers_the_same_on_every_processor(
    compiler: str,
    emulator: str | None,
    item: str,
    thorough: tuple[list[str], list[str]],
    tmp_path: Path,
    proves: Proves,
) -> None:
    commands, expected = thorough
    static = ["-static"] if emulator else []
    host = build_host(tmp_path / "host", *STRICT, "-Os", *static, compiler=compiler)
    assert answers([emulator, host] if emulator else [host], commands) == expected
    proves(item, len(expected))


@pytest.mark.parametrize("source", [LOADER, SLOTS], ids=lambda path: path.name)
def test_the_analyzers_find_nothing(source: Path, tmp_path: Path, proves: Proves) -> None:
    run("gcc", *STRICT, "-O2", "-fanalyzer", "-c", source, "-o", tmp_path / "gcc.o")
    run("clang", *STRICT, "-Weverything", "-Wno-declaration-after-statement", "-Wno-padded",
        *("-O2", "-c", source, "-o", tmp_path / "clang.o"))  # fmt: skip
    said = run(
        "scan-build", "--status-bugs", "-enable-checker", "security,optin.portability,core",
        *("clang", "-std=c99", "-c", source, "-o", tmp_path / "analyzed.o"),
    )  # fmt: skip
    assert "No bugs found" in said, said
    proves("sources clean in gcc -fanalyzer and clang --analyze", 1)


def test_the_makefile_builds_everything(tmp_path: Path) -> None:
    for compiler in ("gcc", "clang"):
        run("make", "-C", FIRMWARE, f"CC={compiler}", f"BUILD={tmp_path / compiler}", "all", "arm")
        for name in ("host/ledcal_load.o", "cortex-m0plus/ledcal_load.o", "cortex-m4/main.o"):
            assert (tmp_path / compiler / name).is_file(), name
