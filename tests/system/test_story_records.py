"""What the records say against a run: F1 (power lost while loading), F17, F19; as found."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ledcal.rig.certificates import certificate_paths
from ledcal.rig.key_file import new_key_file, public_file
from ledcal.rig.people.account import add_account
from ledcal.rig.people.gate import open_people
from ledcal.rig.product import Product
from ledcal.rig.product_release import approve
from ledcal.rig.settings import read_settings
from ledcal.rig.station import read_station
from ledcal.rig.trust import trust

pytestmark = pytest.mark.system
Ledcal = Callable[..., Any]
PANEL = "DEMO-0001"


def events(said: dict[str, Any]) -> list[dict[str, Any]]:
    lines = (Path(said["folder"]) / "journal.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def notes(said: dict[str, Any], code: str) -> list[str]:
    found = [one for one in events(said) if one["event"] == "note"]
    return [one["text"] for one in found if one["code"] == code]


def page_of(said: dict[str, Any]) -> str:
    return Path(said["paths"]["certificate"]).read_text(encoding="utf-8")


@dataclass(frozen=True)
class Passed:
    """A panel that passed, its run, and the bench it is on."""

    bench: Any
    run: dict[str, Any]
    calibrate: Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def passed(
    serve: Callable[..., Any],
    ledcal: Ledcal,
    short_product: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Passed]:
    cwd = tmp_path_factory.mktemp("passed")
    with serve(cwd / "served", serial=PANEL) as bench:

        def calibrate(*more: str) -> dict[str, Any]:
            done = ledcal(
                *("calibrate", PANEL, "--station", bench.station, "--json"),
                *("--product", short_product, *more),
                cwd=cwd,
            )
            return dict(json.loads(done.stdout))

        run = calibrate()
        assert run["outcome"] == "PASS", run
        yield Passed(bench, run, calibrate)


def forged(passed: Passed, factor: float) -> None:
    """Let the run that passed have seen other light on one channel, by its true journal."""
    path = Path(passed.run["folder"]) / "journal.jsonl"
    true = passed.bench.data_folder.parent / "true-journal.jsonl"
    if not true.exists():
        true.write_bytes(path.read_bytes())
    lines = []
    for event in map(json.loads, true.read_text().splitlines()):
        if event["event"] == "curve" and event["channel"] == 3:
            event["curve_irradiance_w_m2"] = [
                value * factor for value in event["curve_irradiance_w_m2"]
            ]
        lines.append(json.dumps(event))
    path.write_text("\n".join(lines) + "\n")


def test_a_new_panel_has_nothing_to_be_measured_as_found(passed: Passed) -> None:
    (found,) = [one for one in events(passed.run) if one["event"] == "as_found"]
    assert (found["verdict"], found["file_sha256"]) == (None, "")
    assert found["reason"] == "the panel carried no calibration"


def test_f25_every_file_comes_after_a_damaged_one(passed: Passed) -> None:
    (words,) = notes(passed.run, "FILE_CHECK")
    assert "CRC" in words
    assert "SIGNATURE" in words


def test_f17_another_light_of_the_same_head_is_held_for_an_engineer(passed: Passed) -> None:
    """The records differ by 4 %, and yet the panel came as it had left, by its own file."""
    before = passed.bench.truth(ask="panel")["sha256"]
    forged(passed, 1.04)
    held = passed.calibrate("--reason", "retest")
    assert (held["outcome"], held["exit_code"]) == ("INCONCLUSIVE", 6)
    (reason,) = held["reasons"]
    assert reason["code"] == "HOLD"
    (change,) = re.findall(r"channel 3 gives (-\d\.\d)%", reason["text"])
    assert float(change) == pytest.approx(100 * (1 / 1.04 - 1), abs=0.5)
    assert passed.run["run"] in reason["text"]
    assert "the limit is 3.0%" in reason["text"]
    assert "--engineer NAME" in reason["text"]
    assert passed.bench.truth(ask="panel")["sha256"] == before
    assert passed.bench.truth(ask="state")["dark"]
    assert held["paths"]["file"] is None
    (found,) = [one for one in events(held) if one["event"] == "as_found"]
    assert (found["verdict"], found["reason"], found["sequence"]) == ("PASS", "", 1)
    assert found["file_sha256"] == before
    results = [one for one in events(held) if one["event"] == "measured_as_found"]
    asked = {(one["channel"], one["where"]["request_fraction"]) for one in results}
    assert asked == {(channel, share) for channel in range(1, 6) for share in (0.5, 1.0)}
    assert all(abs(one["value"] / one["nominal"] - 1) < 0.02 for one in results)
    assert not notes(held, "AS_FOUND_OUT")
    front = page_of(held).partition("section-item")[0]
    assert "10 of 10 points PASS, on 5 channels" in front


def test_f01_power_lost_while_loading_leaves_the_old_file_whole(passed: Passed) -> None:
    """The LEDs of channel 3 have aged: an engineer goes on, and the power fails while loading."""
    forged(passed, 1.0)
    before = passed.bench.truth(ask="panel")
    passed.bench.truth(set="aged", value=[3, 0.855])
    passed.bench.truth(set="unwritten", value="old")
    passed.bench.truth(set="power_loss_at_byte", value=300)
    lost = passed.calibrate("--engineer", "E. Ross", "--reason", "retest")
    (reason,) = lost["reasons"]
    assert reason["code"] == "PANEL_RESTARTED"
    assert "E. Ross" in notes(lost, "REPEATED_RUN")[0]
    after = passed.bench.truth(ask="panel")
    assert after["boot_count"] == before["boot_count"] + 1
    assert after["sha256"] == before["sha256"]
    assert "the calibration that it had before" in notes(lost, "NOT_LOADED")[0]
    assert passed.bench.truth(ask="state")["dark"]
    assert (Path(lost["folder"]) / "as-found.ledcal").read_bytes() == Path(
        passed.run["paths"]["file"]
    ).read_bytes()
    (found,) = [one for one in events(lost) if one["event"] == "as_found"]
    assert found["verdict"] == "FAIL"
    (out,) = notes(lost, "AS_FOUND_OUT")
    assert "channel 3 gave 14." in out
    assert "tell the field engineer" in out
    assert "Out of tolerance" in page_of(lost).partition("section-item")[0]
    # It judges the time before, not this run: that ended for another reason.
    assert lost["outcome"] == "ABORTED"


@dataclass(frozen=True)
class Production:
    """A production station that comes as far as its first instrument, which is another one.

    Attributes:
        keys: Key files of three people who may release, by name.
    """

    station: Path
    product: Path
    data: Path
    keys: dict[str, Path]
    cwd: Path


@pytest.fixture
def production(bench: Any, short_product: Path, tmp_path: Path) -> Production:
    new_key_file(tmp_path / "prod.toml", "line 1", "PROD")
    said = bench.station.read_text()
    speed = read_station(bench.station).settings.clock.speed
    for old, new in {
        'mode = "DEMO"': (
            f'mode = "PROD"\nsigning_key = "{tmp_path / "prod.toml"}"\nsign_on = "required"'
        ),
        "simulated = true": "simulated = false",
        f"speed = {speed}": "speed = 1.0",
        # Only the file is wanted here: the bench is not that of a production.
        "::SOCKET": "9::SOCKET",
    }.items():
        assert old in said
        said = said.replace(old, new)
    bench.station.write_text(said)
    product = tmp_path / "product.toml"
    product.write_bytes(short_product.read_bytes())
    keys = {name: tmp_path / f"{name}.toml" for name in ("Ada", "Bo", "stranger")}
    for name, path in keys.items():
        new_key_file(path, name, "RELEASE")
        if name != "stranger":
            trust(public_file(path), bench.data_folder)
    return Production(bench.station, product, bench.data_folder, keys, tmp_path)


def test_f19_no_production_with_a_product_file_that_nobody_released(
    production: Production, bench: Any, ledcal: Ledcal, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_people(production.data) as people:
        add_account(people, "Ada", "approver", "B-ADA-77", "482915", None)
        add_account(people, "Tom", "technician", "B-TOM-77", "907261", "Ada")
    pins = production.cwd / "pins"
    pins.touch(mode=0o600)
    pins.write_text("B-TOM-77\n907261\n")
    monkeypatch.setenv("LEDCAL_PIN_FILE", str(pins))

    def run(*more: str) -> dict[str, Any]:
        done = ledcal(
            *("calibrate", PANEL, "--station", production.station, "--json"),
            *("--product", production.product, *more),
            cwd=production.cwd,
        )
        return dict(json.loads(done.stdout))

    def sign(key: str, name: str) -> None:
        approve(production.product, production.keys[key], name)

    def refused(words: str) -> None:
        said = run()
        (reason,) = said["reasons"]
        assert (said["exit_code"], reason["code"]) == (2, "NOT_RELEASED")
        assert words in reason["text"]
        assert not list(production.data.glob("runs/*"))

    digest = read_settings(production.product, Product).sha256
    refused(f"SHA-256 {digest}: was never released")
    arguments = ("--key", production.keys["Ada"], "--name", "Ada")
    signed = ledcal("product", "release", production.product, *arguments, cwd=production.cwd)
    assert signed.returncode == 0, signed.stderr
    assert "a second person must sign it" in signed.stdout
    sign("stranger", "Cy")
    refused("its key is not trusted")
    sign("Bo", "Bo")
    blocked = run()
    (reason,) = blocked["reasons"]
    assert (blocked["outcome"], reason["code"]) == ("STATION", "INSTRUMENT_REGISTER")
    assert reason["text"].count("is in no register") == 3
    assert not list(production.data.glob("runs/*/transcript.jsonl"))
    certificates = certificate_paths(read_station(production.station)).values()
    add = ("instrument", "add", *certificates, *arguments, "--data", production.data)
    by_tom = ledcal(*add, cwd=production.cwd)
    assert (by_tom.returncode, "never from a file" in by_tom.stderr) == (2, True), by_tom.stderr
    added = ledcal(*add, cwd=production.cwd, told=b"B-ADA-77\n482915\n")
    assert added.returncode == 0, added.stderr
    assert added.stdout.count("is in service") == 3
    went_on = run("--reason", "certificates are in service now")
    assert went_on["reasons"][0]["code"] == "INSTRUMENT", went_on
    first = events(went_on)[0]
    assert first["product"]["file_sha256"] == digest
    assert first["operator"] == "Tom"
    assert first["performer"]["role"] == "technician"
    assert first["performer"]["signed_on"] == "badge and PIN"
    assert "released by Ada (key " in first["product"]["release"]
    assert " and Bo (key " in first["product"]["release"]
    # One limit is changed on the floor.
    said = production.product.read_text()
    production.product.write_text(said.replace("fit_residual = 0.02", "fit_residual = 0.03"))
    changed = read_settings(production.product, Product).sha256
    done = run()
    assert done["exit_code"] == 2
    assert changed in done["reasons"][0]["text"]
    assert f"released was {digest}" in done["reasons"][0]["text"]
    assert bench.truth(ask="state")["dark"]
