"""The figures: what ledcal's parts cost, beside the bare thing where there is one."""

import hashlib
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pyvisa
from pyvisa.resources import MessageBasedResource
from scipy.optimize import curve_fit

from ledcal.calibration.codec import decode, encode
from ledcal.calibration.curve import ChannelCurve, fit_channel
from ledcal.calibration.firmware import open_file
from ledcal.calibration.indication import FloatArray
from ledcal.calibration.lookup import lookup
from ledcal.calibration.record_reader import read_record
from ledcal.instruments.clock import Clock
from ledcal.instruments.dialogue import Framing
from ledcal.instruments.link import Bus
from ledcal.instruments.transcript import Transcript
from ledcal.reports.certificate import certificate_html
from ledcal.rig.journal import read_journal
from ledcal.rig.keys import SigningKey, engineering_key, signature_holds
from ledcal.rig.verify import verify_run
from ledcal.rig.verify_archive import verify_data
from tests.bench import samples
from tests.bench.figure import Figure, Row
from tests.bench.journal_figures import growth_figures, journal_figures, peer_figures
from tests.bench.log_figures import log_figures, upload_figures
from tests.bench.stopwatch import cost_of, cost_of_commands
from tests.bench.uncertainty_figures import (
    irradiance_figures,
    monte_carlo_figures,
    record_figures,
)
from tests.reports.conftest import whole_run

QUERY = "MEAS:POW?"
START = (6e-3, 1e-5, 1e-3, 4e-3, 0.0)


Figures = Callable[[Path], Iterator[Figure]]


def link_figures(folder: Path) -> Iterator[Figure]:
    peer = [sys.executable, "-m", "tests.bench.peer"]
    with ExitStack() as stack:
        process = stack.enter_context(
            subprocess.Popen(peer, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        )
        assert process.stdin is not None
        assert process.stdout is not None
        stack.callback(process.stdin.close)
        ours, theirs = (process.stdout.readline().strip() for _ in range(2))
        transcript = Transcript(folder / "transcript.jsonl")
        stack.callback(transcript.close)
        bus = Bus(clock=Clock(), transcript=transcript)
        link = bus.open(ours, instrument="peer", framing=Framing())
        stack.callback(link.close)
        bare = pyvisa.ResourceManager("@py").open_resource(
            theirs, read_termination="\n", write_termination="\n"
        )
        assert isinstance(bare, MessageBasedResource)
        stack.callback(bare.close)
        assert link.query(QUERY) == bare.query(QUERY)
        one, other = cost_of(lambda: link.query(QUERY), lambda: bare.query(QUERY), count=400)
        size = len(QUERY) + 1
    yield Figure(
        title=f"one query of {size} bytes, 13 back, on a pseudo terminal",
        rows=[Row(text="Link.query, with lock, deadline and transcript", cost=one)],
        bare=Row(text="pyvisa query, the same peer", cost=other),
    )


def evaluation_figures(folder: Path) -> Iterator[Figure]:
    evaluator, seen = samples.evaluator(), samples.observation(2)
    evaluator.evaluate(seen)
    (one,) = cost_of(lambda: evaluator.evaluate(seen), count=200)
    text = "spectrum, band, mismatch, irradiance, each with its budget"
    yield Figure(title="one observation evaluated", rows=[Row(text=text, cost=one)])


def fit_figures(folder: Path) -> Iterator[Figure]:
    taken = {channel: samples.points(channel) for channel in samples.CHANNELS}
    axes = {
        channel: np.array(
            [(p.drive, p.board_degc - samples.REFERENCE.t_ref_degc) for p in found]
        ).T
        for channel, found in taken.items()
    }
    values = {n: np.array([p.irradiance.value for p in found]) for n, found in taken.items()}

    def model(x: FloatArray, *beta: float) -> FloatArray:
        return samples.predicted(x, np.array(beta))

    def plain_fit() -> None:
        for n, x in axes.items():
            y = values[n]
            curve_fit(model, x, y, p0=START, sigma=3e-4 * y)

    def fit() -> list[ChannelCurve]:
        return [
            fit_channel(n, found, samples.REFERENCE, samples.U_BOARD_K)
            for n, found in taken.items()
        ]

    curves = fit()
    one, other = cost_of(fit, plain_fit, count=40)
    (tables,) = cost_of(lambda: [samples.table(curve) for curve in curves], count=10)
    yield Figure(
        title=f"five channels fitted, {len(taken[1])} points each",
        rows=[Row(text="fit_channel, bounded, with covariance and checks", cost=one)],
        bare=Row(text="scipy curve_fit, the same model and points", cost=other),
    )
    text = "channel_table, with the look-up checked at 625 requests each"
    yield Figure(title="five tables for the file", rows=[Row(text=text, cost=tables)])


def page_figures(folder: Path) -> Iterator[Figure]:
    events = whole_run()
    record = read_record(events)
    digest = "0" * 64
    size = len(certificate_html(record, record_sha256=digest).encode())
    reading, page = cost_of(
        lambda: read_record(events),
        lambda: certificate_html(record, record_sha256=digest),
        count=20,
    )
    yield Figure(
        title=f"the certificate of a five-channel run, {len(events)} events",
        rows=[
            Row(text="read_record", cost=reading),
            Row(text="certificate_html", cost=page, note=f"{size / 1000:.0f} kB"),
        ],
    )


def file_figures(folder: Path) -> Iterator[Figure]:
    key = engineering_key(folder)
    calibration = samples.calibration()
    file = encode(calibration, key_id=key.key_id, sign=key.sign)
    message, signature = file[:-64], file[-64:]
    assert signature_holds(key.public, signature, message)
    board = samples.expectation(key)
    made, signed, read, opened, checked = cost_of(
        lambda: encode(calibration, key_id=key.key_id, sign=key.sign),
        lambda: key.sign(message),
        lambda: decode(file),
        lambda: open_file(file, board),
        lambda: signature_holds(key.public, signature, message),
        count=20,
        repeat=5,
    )
    yield Figure(
        title=f"a calibration file of {len(file)} bytes made",
        rows=[Row(text="encode, checked and signed", cost=made)],
        bare=Row(text="Ed25519 signature alone", cost=signed),
    )
    yield Figure(
        title="the same file opened",
        rows=[
            Row(text="open_file: the C loader, signature included", cost=opened),
            Row(text="decode: Python, no signature", cost=read),
        ],
        bare=Row(text="Ed25519 verification alone", cost=checked),
    )
    loaded, table = open_file(file, board), calibration.channels[0]
    request, temperature = table.ceiling // 2, 35 * 256
    assert loaded.drive(1, request, temperature) == lookup(table, request, temperature)
    in_c, in_python = cost_of(
        lambda: loaded.drive(1, request, temperature),
        lambda: lookup(table, request, temperature),
        count=60,
        repeat=200,
    )
    yield Figure(
        title="one request looked up",
        rows=[Row(text="lookup: Python integers", cost=in_python)],
        bare=Row(text="LoadedFile.drive: the C loader, called from Python", cost=in_c),
    )


def verify_figures(folder: Path) -> Iterator[Figure]:
    key: SigningKey = engineering_key(folder)
    run = samples.sealed_run(folder / "runs" / "sample", samples.calibration(), key)
    assert verify_run(run, folder).findings == ()
    paths = sorted(path for path in run.iterdir() if path.is_file())

    def hash_all() -> None:
        for path in paths:
            hashlib.sha256(path.read_bytes()).hexdigest()

    one, other = cost_of(lambda: verify_run(run, folder), hash_all, count=10)
    size = sum(path.stat().st_size for path in paths)
    yield Figure(
        title=f"a run's folder of {len(paths)} files, {size / 1e6:.1f} MB, checked",
        rows=[Row(text="verify_run", cost=one)],
        bare=Row(text="SHA-256 of the same files", cost=other),
    )


def command_figures(folder: Path) -> Iterator[Figure]:
    command = str(Path(sysconfig.get_path("scripts")) / "ledcal")
    one, other = cost_of_commands([command, "--help"], [sys.executable, "-c", "pass"], count=7)
    yield Figure(
        title="a whole process",
        rows=[Row(text="ledcal --help", cost=one)],
        bare=Row(text="python -c pass", cost=other),
    )


def real_figures(folder: Path) -> Iterator[Figure]:
    """A whole run on the virtual bench, as a user begins it, and the page made from its record."""
    command = [sys.executable, "-m", "ledcal.rig", "calibrate", "DEMO-0001"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        yield Figure(title=f"a real run: ended with {done.returncode}: {done.stderr}", rows=[])
        return
    (run,) = (path for path in folder.glob("*/runs/*") if path.is_dir())
    events = read_journal(run)
    digest = "0" * 64
    size = len(certificate_html(read_record(events), record_sha256=digest).encode())
    reading, page, checked = cost_of(
        lambda: read_record(events),
        lambda: certificate_html(read_record(events), record_sha256=digest),
        lambda: verify_data(run.parent.parent),
        count=10,
    )
    kept = (run / "certificate.html").stat().st_size
    yield Figure(
        title=f"a real record of {len(events)} events, its page as closed {kept / 1000:.0f} kB",
        rows=[
            Row(text="read_record", cost=reading),
            Row(
                text="read_record and certificate_html (limit 60 ms, 400 kB)",
                cost=page,
                note=f"{size / 1000:.0f} kB",
            ),
            Row(text="verify_data: the log and the one run", cost=checked),
        ],
    )


ALL: tuple[Figures, ...] = (
    link_figures,
    journal_figures,
    evaluation_figures,
    irradiance_figures,
    fit_figures,
    monte_carlo_figures,
    record_figures,
    page_figures,
    file_figures,
    verify_figures,
    command_figures,
    real_figures,
    log_figures,
    upload_figures,
    growth_figures,
    peer_figures,
)
