"""A file on its way: made, signed after review, installed, read back, exported; power lost too."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import serial

from ledcal.calibration.codec import decode, encode
from ledcal.rig.key_file import new_key_file
from ledcal.rig.keys import SigningKey

pytestmark = pytest.mark.system
Ledcal = Callable[..., Any]
PANEL = "DEMO-0001"


@dataclass(frozen=True)
class Reviewed:
    """A run whose file is signed after review, and the bench on which it was made.

    Attributes:
        run: What the run printed.
        key: The reviewer's.
        key_file: Its file.
    """

    bench: Any
    run: dict[str, Any]
    key: SigningKey
    key_file: Path
    cwd: Path

    @property
    def data(self) -> Path:
        return Path(self.bench.data_folder)

    @property
    def issued(self) -> Path:
        return self.data / "issued" / str(self.run["run"]) / "panel.ledcal"


@pytest.fixture(scope="module")
def reviewed(
    ledcal: Ledcal,
    serve: Callable[..., Any],
    short_product: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Reviewed]:
    """One run on a station that has its files signed after review; the bench stays."""
    cwd = tmp_path_factory.mktemp("reviewed")
    key = new_key_file(cwd / "reviewer.toml", "reviewer", "ENG")
    with serve(cwd / "bench", serial=PANEL, also_trusted=[key.public]) as bench:
        said = bench.station.read_text()
        bench.station.write_text(f'signing = "after review"\n{said}')
        arguments = ("--station", bench.station, "--product", short_product, "--json")
        done = ledcal("calibrate", PANEL, *arguments, cwd=cwd)
        assert done.returncode == 5, done.stdout + done.stderr
        yield Reviewed(bench, json.loads(done.stdout), key, cwd / "reviewer.toml", cwd)


@pytest.fixture(scope="module")
def signed(reviewed: Reviewed, ledcal: Ledcal) -> Reviewed:
    """The same once it is signed and the reviewer's key is known."""
    refused = ledcal(*at_panel(reviewed, "install"), cwd=reviewed.cwd)
    assert refused.returncode == 2
    assert "its file was not issued" in refused.stderr
    done = ledcal(
        *("sign", reviewed.run["run"], "--key", reviewed.key_file, "--operator", "B. Okafor"),
        *("--data", reviewed.data),
        cwd=reviewed.cwd,
    )
    assert done.returncode == 0, done.stderr
    assert reviewed.key.key_id.hex() in done.stdout
    public = f"{reviewed.key_file}.pub"
    trusted = ledcal("key", "trust", public, "--data", reviewed.data, cwd=reviewed.cwd)
    assert trusted.returncode == 0, trusted.stderr
    return reviewed


def at_panel(reviewed: Reviewed, command: str) -> list[str]:
    source = [] if command == "read-back" else ["--from", str(reviewed.run["run"])]
    return [command, PANEL, *source, "--station", str(reviewed.bench.station), "--json"]


def journal(folder: str) -> list[dict[str, Any]]:
    lines = (Path(folder) / "journal.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def say(bench: Any, *messages: bytes) -> list[bytes]:
    """Speak with the panel on its bare line; return the answers."""
    port = bench.panel.removeprefix("ASRL").removesuffix("::INSTR")
    answers = []
    with serial.Serial(port, 115200, timeout=10) as panel:
        for message in messages:
            panel.write(message + b"\n")
            if message.endswith(b"?"):
                answers.append(panel.readline())
    return answers


def test_the_run_waits_for_a_signature_and_loads_nothing(reviewed: Reviewed) -> None:
    run = reviewed.run
    assert [reason["code"] for reason in run["reasons"]] == ["AWAITING_SIGNATURE"]
    assert f"ledcal sign {run['run']}" in run["reasons"][0]["text"]
    assert run["paths"]["file"] is None
    assert run["paths"]["calibration"] is not None


def test_it_is_signed_installed_and_read_back(signed: Reviewed, ledcal: Ledcal) -> None:
    file = signed.issued.read_bytes()
    digest = hashlib.sha256(file).hexdigest()
    verified = ledcal("verify", signed.run["folder"], "--data", signed.data, cwd=signed.cwd)
    assert verified.returncode == 0, verified.stdout
    # A second time is a re-install, bit for bit, which the firmware takes.
    for _ in range(2):
        done = ledcal(*at_panel(signed, "install"), cwd=signed.cwd)
        assert done.returncode == 0, done.stdout + done.stderr
        said = json.loads(done.stdout)
        assert said["file"]["sha256"] == digest
        assert said["file"]["proven"] is False
        assert signed.bench.truth(ask="panel")["sha256"] == digest
        events = journal(said["folder"])
        assert events[-1]["event"] == "visit_finished"
        assert events[-1]["outcome"] == "PASS"
        transcript = Path(said["folder"]) / "transcript.jsonl"
        assert transcript.stat().st_size > len(file)
        kept = ledcal("verify", said["folder"], "--data", signed.data, cwd=signed.cwd)
        assert kept.returncode == 0, kept.stdout
    transcript.write_bytes(transcript.read_bytes().replace(b"CAL:DATA", b"CAL:BATA", 1))
    altered = ledcal("verify", said["folder"], "--data", signed.data, cwd=signed.cwd)
    assert altered.returncode == 1
    assert "transcript.jsonl" in altered.stdout
    found = ledcal(*at_panel(signed, "read-back"), cwd=signed.cwd)
    assert found.returncode == 0, found.stdout + found.stderr
    said = json.loads(found.stdout)
    assert said["as_issued"] is True
    assert said["file"]["run"] == signed.run["run"]
    spoken = ledcal(*at_panel(signed, "install")[:-1], cwd=signed.cwd)
    assert "NOT PROVEN BY LIGHT" in spoken.stdout
    assert signed.bench.truth(ask="state")["dark"]
    told = ledcal("log", "--subject", PANEL, "--json", "--data", signed.data, cwd=signed.cwd)
    entries = json.loads(told.stdout)["entries"]
    assert [one["kind"] for one in entries][-4:] == [
        *(["file installed"] * 2),
        *("file read back", "file installed"),
    ]
    for one in entries[-4:]:
        assert one["facts"]["outcome"] == "PASS"
        assert digest in (one["facts"]["file"].get("sha256"), one["facts"]["read_back"])


def test_it_is_proven_by_light(signed: Reviewed, ledcal: Ledcal, short_product: Path) -> None:
    digest = hashlib.sha256(signed.issued.read_bytes()).hexdigest()
    other = ledcal(*at_panel(signed, "prove"), cwd=signed.cwd)
    assert other.returncode == 2
    assert "was made with the product file of SHA-256" in other.stderr + other.stdout
    assert not (signed.data / "proofs").exists()
    proven = (*at_panel(signed, "prove"), "--product", short_product)
    done = ledcal(*proven, cwd=signed.cwd)
    assert done.returncode == 0, done.stdout + done.stderr
    said = json.loads(done.stdout)
    proof = Path(said["folder"])
    assert (said["outcome"], proof.parent.name) == ("PASS", "proofs")
    events = journal(said["folder"])
    assert events[0]["proves"] == signed.run["run"]
    assert [one["step"] for one in events if one["event"] == "step_finished"] == [
        *("identify", "blank", "warm_up", "spectrum", "adjust", "verify")
    ]
    held = [one for one in events if one["event"] == "calibration_file"]
    assert [(one["state"], one["sha256"]) for one in held] == [("loaded", digest)]
    assert sum(one["event"] == "measured" and one["step"] == "verify" for one in events) >= 10
    verified = ledcal("verify", proof, "--data", signed.data, cwd=signed.cwd)
    assert verified.returncode == 0, verified.stdout
    page = (proof / "certificate.html").read_text()
    assert f"Proof by light of the file of run {signed.run['run']}" in page
    assert "Calibration certificate" not in page
    assert "issued file loaded as it is and read back byte for byte" in page
    assert "no curve was fitted here" in page
    # From now on the file is one that was proven.
    shown = ledcal("show", signed.run["run"], "--data", signed.data, "--json", cwd=signed.cwd)
    assert json.loads(shown.stdout)["signature"]["proof"] == str(proof)
    again = ledcal(*at_panel(signed, "install"), cwd=signed.cwd)
    assert json.loads(again.stdout)["file"]["proven"] is True
    assert signed.bench.truth(ask="state")["dark"]


@pytest.mark.parametrize("written", [12, 800])
def test_power_lost_in_an_install_leaves_a_whole_file(
    signed: Reviewed, ledcal: Ledcal, written: int
) -> None:
    assert ledcal(*at_panel(signed, "install"), cwd=signed.cwd).returncode == 0
    signed.bench.truth(set="unwritten", value="old")
    signed.bench.truth(set="power_loss_at_byte", value=written)
    lost = ledcal(*at_panel(signed, "install"), cwd=signed.cwd)
    assert lost.returncode == 5, lost.stdout + lost.stderr
    assert "PANEL_RESTARTED" in lost.stdout
    assert ledcal(*at_panel(signed, "read-back"), cwd=signed.cwd).returncode == 0
    assert ledcal(*at_panel(signed, "install"), cwd=signed.cwd).returncode == 0


def test_a_proof_that_is_cut_off_leaves_the_panel_dark_and_empty(
    signed: Reviewed,
    ledcal: Ledcal,
    start: Callable[..., Any],
    wait_for: Callable[..., None],
    short_product: Path,
) -> None:
    proven = (*at_panel(signed, "prove"), "--product", short_product)
    before = set((signed.data / "proofs").glob("*"))
    process = start(*proven, cwd=signed.cwd)

    def events() -> list[dict[str, Any]]:
        folders = set((signed.data / "proofs").glob("*/journal.jsonl"))
        new = [path for path in folders if path.parent not in before]
        lines = new[0].read_bytes().split(b"\n")[:-1] if new else []
        return [json.loads(line) for line in lines]

    def states() -> list[str]:
        return [one["state"] for one in events() if one["event"] == "calibration_file"]

    wait_for(lambda: states() == ["loaded"], limit_s=120, what="the file in the panel")
    process.terminate()
    assert process.wait(timeout=60) == 5
    assert signed.bench.truth(ask="state")["dark"]
    assert states() == ["loaded", "erased"]
    assert events()[-1]["outcome"] == "ABORTED"
    assert signed.bench.truth(ask="panel")["sha256"] is None
    # The head remembers the number of the erased file.
    again = ledcal(*at_panel(signed, "install"), cwd=signed.cwd)
    assert again.returncode == 3
    assert "refused the calibration file: SEQ" in again.stdout


def test_a_file_that_nobody_issued_is_found_out(signed: Reviewed, ledcal: Ledcal) -> None:
    """The right key, the right panel, one number more: only the archive knows that it is wrong."""
    said = decode(signed.issued.read_bytes()).calibration
    fields = {name: getattr(said, name) for name in type(said).__slots__}
    other = type(said)(**(fields | {"sequence": said.sequence + 1, "issued_at": 0}))
    file = encode(other, key_id=signed.key.key_id, sign=signed.key.sign)
    answers = say(signed.bench, b"CAL:DATA #4%04d" % len(file) + file, b"SYST:ERR?", b"CAL:STAT?")
    assert answers == [b'0,"No error"\n', b'0,"OK"\n']
    found = ledcal(*at_panel(signed, "read-back"), cwd=signed.cwd)
    assert found.returncode == 1
    told = json.loads(found.stdout)
    assert told["sha256"] == hashlib.sha256(file).hexdigest()
    assert told["file"] is None
    assert "no run in" in told["text"]
    assert journal(told["folder"])[-1]["outcome"] == "FAIL"
    # Roll-back to the archived file is refused before anything is sent.
    older = ledcal(*at_panel(signed, "install"), cwd=signed.cwd)
    assert older.returncode == 3
    assert "NEWER_FILE" in older.stdout
    assert say(signed.bench, b"CAL:ERAS", b"CAL:STAT?")[0] != b'0,"OK"\n'
    empty = ledcal(*at_panel(signed, "read-back"), cwd=signed.cwd)
    assert empty.returncode == 1
    assert "carries no calibration" in empty.stdout
    # An erased head remembers its sequence number: the firmware itself refuses by name.
    again = ledcal(*at_panel(signed, "install"), cwd=signed.cwd)
    assert again.returncode == 3
    assert "refused the calibration file: SEQ" in again.stdout
    assert "quarantine it, for its firmware" not in again.stdout


def test_another_panel_gets_nothing(
    signed: Reviewed, ledcal: Ledcal, serve: Callable[..., Any], tmp_path: Path
) -> None:
    """The same label on another head, and another label on the bench."""
    with serve(tmp_path / "two", serial=PANEL, seed=2, also_trusted=[signed.key.public]) as other:
        station = str(other.station)
        arguments = ("--from", signed.run["run"], "--station", station, "--data", signed.data)
        head = ledcal("install", PANEL, *arguments, cwd=signed.cwd)
        assert head.returncode == 3
        assert "LED head" in head.stderr
        assert "calibrate this panel anew" in head.stderr
        label = ledcal("read-back", "DEMO-0002", "--station", station, cwd=signed.cwd)
        assert label.returncode == 3
        assert "scanned DEMO-0002" in label.stderr
        wrong = ledcal("install", "DEMO-0002", *arguments, cwd=signed.cwd)
        assert wrong.returncode == 2
        assert "holds the file of panel DEMO-0001" in wrong.stderr
        assert other.truth(ask="panel")["sha256"] is None
        assert other.truth(ask="panel")["highest_sequence"] == 0


def test_an_unknown_signer_is_refused_by_the_panel_first_asked(
    signed: Reviewed, ledcal: Ledcal, serve: Callable[..., Any], tmp_path: Path
) -> None:
    """The same head, whose firmware does not trust the reviewer."""
    with serve(tmp_path / "same", serial=PANEL) as same:
        done = ledcal(
            *("install", PANEL, "--from", signed.run["run"]),
            *("--station", same.station, "--data", signed.data),
            cwd=signed.cwd,
        )
        assert done.returncode == 4
        assert f"not the file's key {signed.key.key_id.hex()}" in done.stderr
        assert same.truth(ask="panel")["highest_sequence"] == 0


def test_it_is_exported(signed: Reviewed, ledcal: Ledcal) -> None:
    run, file = signed.run["run"], signed.issued.read_bytes()
    for kind, more in (("raw", ()), ("hex", ("--address", "0x08060000")), ("c", ())):
        done = ledcal(
            *("export", run, "--as", kind, *more, "--output", f"file.{kind}"),
            *("--data", signed.data),
            cwd=signed.cwd,
        )
        assert done.returncode == 0, done.stderr
    assert (signed.cwd / "file.raw").read_bytes() == file
    assert (signed.cwd / "file.hex").read_text().startswith(":020000040806EC\n:10000000894C43414C")
    assert f"panel {PANEL}" in (signed.cwd / "file.c").read_text()
    refused = ledcal("export", run, "--as", "hex", "--output", "x", "--data", signed.data, cwd="/")
    assert refused.returncode == 2
