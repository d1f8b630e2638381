"""libFuzzer for a minute from the kept corpus, and the lines that corpus and vectors reach."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

from tests.loader.toolchain import FIRMWARE, HERE, LOADER, SLOTS, answers, build_host, run

Proves = Callable[[str, int], None]
CORPUS = HERE / "corpus"
SECONDS = int(os.environ.get("LEDCAL_FUZZ_S", "60"))


def test_a_minute_of_fuzzing(tmp_path: Path, proves: Proves) -> None:
    fuzzer, found = tmp_path / "fuzz", tmp_path / "found"
    found.mkdir()
    run("clang", "-std=c99", "-g", "-O1", "-fsanitize=fuzzer,address,undefined",
        *("-fno-sanitize-recover=all", "-I", FIRMWARE, HERE / "fuzz_open.c", LOADER, SLOTS),
        *("-o", fuzzer))  # fmt: skip
    said = run(
        *("bash", "-c", '"$0" "$@" 2>&1', fuzzer, f"-max_total_time={SECONDS}", "-timeout=10"),
        *("-max_len=1300", "-print_final_stats=1", f"-artifact_prefix={tmp_path}/"),
        *(found, CORPUS),
        timeout_s=SECONDS + 120,
    )
    executed = re.search(r"stat::number_of_executed_units:\s+(\d+)", said)
    assert executed is not None, said[-2000:]
    proves("fuzzed inputs, signature forced good", int(executed[1]))


def test_corpus_and_vectors_run_every_line(
    dialogue: tuple[list[str], list[str]], tmp_path: Path, proves: Proves
) -> None:
    cover = ("-std=c99", "-O0", "-fprofile-instr-generate", "-fcoverage-mapping")
    host = build_host(tmp_path / "host", *cover, compiler="clang")
    corpus = tmp_path / "corpus"
    run("clang", *cover, "-fsanitize=fuzzer", "-I", FIRMWARE, HERE / "fuzz_open.c", LOADER, SLOTS,
        *("-o", corpus))  # fmt: skip
    profiles = {name: tmp_path / f"{name}.profraw" for name in ("host", "corpus")}
    commands, expected = dialogue
    environment = os.environ | {"LLVM_PROFILE_FILE": str(profiles["host"])}
    assert answers([host], commands, environment=environment) == expected
    environment |= {"LLVM_PROFILE_FILE": str(profiles["corpus"])}
    run(corpus, "-runs=0", CORPUS, environment=environment)
    merged = tmp_path / "merged.profdata"
    run("llvm-profdata", "merge", *profiles.values(), "-o", merged)
    report = json.loads(
        run(
            *("llvm-cov", "export", "--summary-only", f"--instr-profile={merged}"),
            *(host, "-object", corpus, LOADER),
        )
    )
    lines = report["data"][0]["totals"]["lines"]
    shown = run("llvm-cov", "show", f"--instr-profile={merged}", host, "-object", corpus, LOADER)
    missed = [line for line in shown.splitlines() if re.match(r"\s*\d+\|\s+0\|", line)]
    assert lines["covered"] == lines["count"], "\n".join(missed)
    proves("lines of the loader that fuzzing and vectors run", lines["covered"])
