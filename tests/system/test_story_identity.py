"""Who is on the bench, and where it has been before: F4, F18, F20, T9."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ledcal.rig.folder import canonical
from ledcal.rig.station import read_station

pytestmark = pytest.mark.system
Ledcal = Callable[..., Any]
PANEL = "DEMO-0001"


def calibrate(ledcal: Ledcal, bench: Any, serial: str, cwd: Path, *more: str | Path) -> Any:
    """Run, and return what was printed with the exit code and the words of the first reason."""
    done = ledcal("calibrate", serial, "--station", bench.station, "--json", *more, cwd=cwd)
    said = json.loads(done.stdout)
    assert said["exit_code"] == done.returncode, done.stderr
    return said | {"code": said["reasons"][0]["code"], "text": said["reasons"][0]["text"]}


def as_engineering(bench: Any) -> Any:
    """Let the station be one for engineering runs, which ask for reasons as production does."""
    said = bench.station.read_text()
    bench.station.write_text(said.replace('mode = "DEMO"', 'mode = "ENG"'))
    return bench


def lit(bench: Any) -> bool:
    """Whether any run of the bench has ever opened a gate."""
    sent = [
        line
        for path in bench.data_folder.glob("runs/*/transcript.jsonl")
        for line in path.read_text().splitlines()
    ]
    return any(" ON" in line and "OUTP" in line for line in sent)


def notes(said: dict[str, Any]) -> dict[str, str]:
    """The notes of a run by code."""
    lines = (Path(said["folder"]) / "journal.jsonl").read_text().splitlines()
    events = [json.loads(line) for line in lines]
    return {one["code"]: one["text"] for one in events if one["event"] == "note"}


@pytest.mark.parametrize("serial", ["NONE", ""])
def test_f04_what_no_label_says_is_refused_before_anything_is_started(
    ledcal: Ledcal, tmp_path: Path, serial: str
) -> None:
    done = ledcal("calibrate", "--json", "--", serial, cwd=tmp_path)
    assert done.returncode == 2
    assert json.loads(done.stdout)["reasons"][0]["code"] == "SERIAL"
    assert not list(tmp_path.iterdir())


def test_f04_a_mistyped_check_character_is_refused(
    ledcal: Ledcal, short_product: Path, tmp_path: Path
) -> None:
    product = tmp_path / "product.toml"
    said = short_product.read_text()
    product.write_text(
        said.replace("product_code", 'serial_check = "ISO 7064 MOD 37,36"\nproduct_code')
    )
    done = ledcal("calibrate", "DEMO-0001", "--product", product, "--json", cwd=tmp_path)
    assert done.returncode == 2
    assert "its check character is wrong" in json.loads(done.stdout)["reasons"][0]["text"]


def test_f04_panels_that_are_exchanged_after_the_scan_are_told_before_light(
    bench: Any,
    ledcal: Ledcal,
    start: Callable[..., Any],
    wait_for: Callable[..., None],
    journal_of: Callable[..., Any],
    tmp_path: Path,
) -> None:
    """Another head with the same label, between the identification and the first light."""
    process = start("calibrate", PANEL, "--station", bench.station, "--json", cwd=tmp_path)
    wait_for(
        lambda: any(one["event"] == "instrument" for one in journal_of(bench.data_folder)),
        limit_s=60,
        what="the instruments to be identified",
    )
    before = bench.truth(ask="panel")["uid"]
    wait_for(
        lambda: any(one["event"] == "panel" for one in journal_of(bench.data_folder)),
        limit_s=60,
        what="the panel to be identified",
    )
    bench.truth(set="head", value="another")
    assert process.wait(timeout=120) == 3
    said = json.loads(process.stdout.read())
    assert said["outcome"] == "SETUP"
    assert said["reasons"][0]["code"] == "PANEL_EXCHANGED"
    assert before in said["reasons"][0]["text"]
    assert not lit(bench)
    assert bench.truth(ask="state")["dark"]


@pytest.fixture(scope="module")
def known(
    serve: Callable[..., Any], ledcal: Ledcal, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Any, Path]]:
    """A panel that was on an engineering bench once: its meter was capped then."""
    cwd = tmp_path_factory.mktemp("known")
    with serve(cwd / "served", serial=PANEL) as bench:
        as_engineering(bench)
        bench.truth(set="capped", value=True)
        first = calibrate(ledcal, bench, PANEL, cwd)
        assert (first["outcome"], first["code"]) == ("SETUP", "NO_LIGHT")
        yield bench, cwd


def test_t09_a_panel_seen_before_shows_its_history_and_asks_for_a_reason(
    known: tuple[Any, Path], ledcal: Ledcal
) -> None:
    bench, cwd = known
    before = len(list(bench.data_folder.glob("runs/*")))
    said = calibrate(ledcal, bench, PANEL, cwd)
    assert (said["outcome"], said["code"]) == ("USAGE", "REASON")
    assert f"attempt {before + 1}" in said["text"]
    assert "SETUP NO_LIGHT" in said["text"]
    assert len(list(bench.data_folder.glob("runs/*"))) == before


def test_f18_another_head_behind_the_same_label_is_a_revision(
    known: tuple[Any, Path], ledcal: Ledcal
) -> None:
    bench, cwd = known
    old = bench.truth(ask="panel")["uid"]
    bench.truth(set="head", value="new board")
    new = bench.truth(ask="panel")["uid"]
    said = calibrate(ledcal, bench, PANEL, cwd, "--reason", "rework: LED board changed")
    assert (said["outcome"], said["code"]) == ("SETUP", "NO_LIGHT")
    words = notes(said)["REWORK"]
    assert f"the LED head was {old}" in words
    assert f"now it is {new}: revision 2 of panel {PANEL}" in words
    assert "rework: LED board changed" in words
    page = Path(said["paths"]["certificate"]).read_text()
    assert f"now it is {new}" in page


def test_t09_who_goes_on_after_three_judgements_is_an_engineer(
    known: tuple[Any, Path], ledcal: Ledcal
) -> None:
    """SETUP does not count against the panel; FAIL does, since the last PASS."""
    bench, cwd = known
    for day, outcome in enumerate(["FAIL", "PASS", "FAIL", "FAIL", "INCONCLUSIVE"], start=1):
        forge_run(bench.data_folder, f"2026010{day}T000000000Z-{PANEL}", outcome)
    reason = ("--reason", "retest")
    said = calibrate(ledcal, bench, PANEL, cwd, *reason)
    assert (said["outcome"], said["code"]) == ("USAGE", "ENGINEER")
    assert "judged 3 times without a PASS" in said["text"]
    said = calibrate(ledcal, bench, PANEL, cwd, *reason, "--engineer", "E. Ross")
    assert said["code"] == "NO_LIGHT"


def forge_run(data_folder: Path, name: str, outcome: str) -> None:
    """Write the shortest journal of a run that ended so."""
    newest = max(data_folder.glob(f"runs/*-{PANEL}"))
    first = json.loads((newest / "journal.jsonl").read_text().splitlines()[0])
    folder = data_folder / "runs" / name
    folder.mkdir()
    end = {"n": 2, "at": first["at"], "event": "run_finished", "outcome": outcome}
    end |= {"exit_code": 0, "reasons": [] if outcome == "PASS" else [{"code": "X", "text": "y"}]}
    lines = [json.dumps(first | {"run": name}), json.dumps(end)]
    (folder / "journal.jsonl").write_text("\n".join(lines) + "\n")


def test_f04_a_head_that_lost_its_serial_is_not_given_that_of_another(
    known: tuple[Any, Path], serve: Callable[..., Any], ledcal: Ledcal, tmp_path: Path
) -> None:
    bench, _ = known
    journals = sorted(bench.data_folder.glob("runs/*Z-*/journal.jsonl"))
    uids = [
        json.loads(line)["uid"]
        for path in journals
        for line in path.read_text().splitlines()
        if json.loads(line)["event"] == "panel"
    ]
    with serve(tmp_path / "served", serial="NONE") as blank:
        uid = blank.truth(ask="panel")["uid"]
        text = journals[-1].read_text().replace(uids[-1], uid)
        folder = blank.data_folder / "runs" / "20260101T000000000Z-DEMO-0001"
        folder.mkdir(parents=True)
        (folder / "journal.jsonl").write_text(text)
        said = calibrate(ledcal, blank, "DEMO-0042", tmp_path)
        assert (said["outcome"], said["code"]) == ("SETUP", "OTHER_SERIAL")
        assert f"panel {PANEL} by run" in said["text"]
        assert blank.truth(ask="panel")["serial"] == "NONE"
        assert not lit(blank)


def test_f20_a_panel_on_two_stations_is_refused_to_the_second(
    bench: Any,
    start: Callable[..., Any],
    wait_for: Callable[..., None],
    ledcal: Ledcal,
    tmp_path: Path,
) -> None:
    first = start("calibrate", PANEL, "--station", bench.station, cwd=tmp_path)
    lock = bench.data_folder / "locks" / f"{PANEL}.json"
    wait_for(lock.exists, limit_s=60, what="the lock of the first station")
    holder = json.loads(lock.read_text())
    assert holder["station"] == read_station(bench.station).settings.name
    said = calibrate(ledcal, bench, PANEL, tmp_path)
    assert (said["outcome"], said["code"]) == ("STATION", "PANEL_LOCKED")
    for words in (repr(holder["station"]), holder["host"], str(holder["pid"]), holder["at"]):
        assert words in said["text"]
    assert "ledcal unlock DEMO-0001 --reason" in said["text"]
    refused = ledcal(
        *("unlock", PANEL, "--reason", "x", "--data", bench.data_folder), cwd=tmp_path
    )
    assert refused.returncode == 2
    assert "end that run first" in refused.stderr
    # The first one was not disturbed, and its end frees the panel.
    first.terminate()
    assert first.wait(timeout=60) == 5
    assert not lock.exists()
    assert bench.truth(ask="state")["dark"]


def test_f20_a_dead_lock_is_taken_over_here_and_freed_by_an_engineer_elsewhere(
    bench: Any, ledcal: Ledcal, tmp_path: Path
) -> None:
    lock = bench.data_folder / "locks" / f"{PANEL}.json"
    lock.parent.mkdir()
    said: dict[str, Any] = {
        "serial": PANEL,
        "station": "line 2",
        "host": os.uname().nodename,
        "pid": 2**22,
        "process_start": "before",
        "at": "2026-01-01T08:00:00+00:00",
    }
    lock.write_bytes(canonical(said | {"host": "elsewhere"}))
    bench.truth(set="capped", value=True)
    refused = calibrate(ledcal, bench, PANEL, tmp_path)
    assert refused["code"] == "PANEL_LOCKED"
    assert "'line 2' (host elsewhere" in refused["text"]
    assert not lit(bench)
    freed = ledcal(
        *("unlock", PANEL, "--reason", "line 2 has no power", "--operator", "E. Ross"),
        *("--data", bench.data_folder),
        cwd=tmp_path,
    )
    assert freed.returncode == 0, freed.stderr
    (kept,) = (lock.parent / "released").iterdir()
    record = json.loads(kept.read_text())
    assert (record["reason"], record["operator"]) == ("line 2 has no power", "E. Ross")
    assert record["station"] == "line 2"
    lock.write_bytes(canonical(said))
    taken = calibrate(ledcal, bench, PANEL, tmp_path)
    assert taken["code"] == "NO_LIGHT"
    assert "'line 2'" in notes(taken)["LOCK_TAKEN_OVER"]
