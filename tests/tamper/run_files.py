"""Tampering with a file of a run."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from ledcal.rig.closing import (
    CERTIFICATE,
    PANEL_FILE,
    RECORD,
    REPORT,
    SEAL,
)
from ledcal.rig.journal import JOURNAL
from ledcal.rig.log_book import LOG_PROOF
from ledcal.rig.run import RUNS
from ledcal.rig.spectra_file import SPECTRA
from ledcal.rig.statements import PERFORMED, RECORD_ENVELOPE
from tests.tamper.archive import Archive
from tests.tamper.kind import TWO, Act, Kind, cut, exchanged_between_runs, in_run, replaced


def lines_moved(run: Path) -> None:
    lines = (run / JOURNAL).read_bytes().splitlines(keepends=True)
    lines[2], lines[3] = lines[3], lines[2]
    (run / JOURNAL).write_bytes(b"".join(lines))


def line_put_in(run: Path) -> None:
    lines = (run / JOURNAL).read_bytes().splitlines(keepends=True)
    (run / JOURNAL).write_bytes(b"".join([*lines[:3], lines[2], *lines[3:]]))


def exchanged_for(name: str, change: Callable[[Path], object]) -> Act:
    """Put something else in the place of a file."""

    def act(run: Path) -> None:
        (run / name).rename(run.parent.parent.parent / "outside" / name)
        change(run / name)

    return in_run(act)


def link_to_a_copy(name: str) -> Act:
    """Move a file away and leave a link to it: nothing in it is changed, yet."""

    def act(archive: Archive) -> None:
        run = archive.data / RUNS / TWO
        (run / name).rename(archive.outside / name)
        (run / name).symlink_to(archive.outside / name)

    return act


_FILES: Mapping[str, tuple[str, bytes, bytes]] = {
    "verdict changed in the certificate": (CERTIFICATE, b"FAIL", b"PASS"),
    "verdict changed in the record": (RECORD, b'"FAIL"', b'"PASS"'),
    "verdict changed in the journal": (JOURNAL, b'"FAIL"', b'"PASS"'),
    "verdict changed in the engineers' report": (REPORT, b"Passed", b"Failed"),
    "limit changed in the product file": ("product.toml", b"0.10", b"0.50"),
    "station file changed": ("station.toml", b"150.0", b"140.0"),
    "instrument's certificate changed": ("certificate-power_meter.toml", b"1.01", b"1.51"),
    "raw spectra changed": (SPECTRA, b"PAR1", b"PAR2"),
    "bytes from an instrument changed": ("transcript.jsonl", b"spectrometer", b"power_meter"),
    "operator's statement changed": (PERFORMED, b'"sig":"', b'"sig":"AA'),
    "record's envelope changed": (RECORD_ENVELOPE, b'"sig":"', b'"sig":"AA'),
    "place in the log changed": (LOG_PROOF, b"index 2", b"index 0"),
}
RUN_FILES = [
    *(Kind(words, replaced(*what), what[0], "was altered") for words, what in _FILES.items()),
    Kind(
        "file deleted", in_run(lambda run: (run / PANEL_FILE).unlink()), PANEL_FILE, "is missing"
    ),
    Kind("file cut", cut(RECORD), RECORD, "was altered"),
    Kind("file emptied", in_run(lambda run: (run / RECORD).write_bytes(b"")), RECORD, "altered"),
    Kind("events reordered", in_run(lines_moved), JOURNAL, "was altered"),
    Kind("event inserted", in_run(line_put_in), JOURNAL, "was altered"),
    Kind(
        "file added",
        in_run(lambda run: (run / "note.txt").write_text("")),
        "note.txt",
        "was added after the run was sealed",
    ),
    Kind(
        "file renamed",
        in_run(lambda run: (run / REPORT).rename(run / "r.html")),
        "r.html",
        "was added after the run was sealed",
    ),
    Kind("file exchanged between runs", exchanged_between_runs(PANEL_FILE), PANEL_FILE, "altered"),
    Kind("record exchanged between runs", exchanged_between_runs(RECORD), RECORD, "was altered"),
    Kind("link to a copy in a file's place", link_to_a_copy(RECORD), RECORD, "is a link now"),
    Kind("link to a copy in the seal's place", link_to_a_copy(SEAL), SEAL, "is a link now"),
    Kind(
        "link that leads nowhere in a file's place",
        exchanged_for(RECORD, lambda path: path.symlink_to("nowhere")),
        RECORD,
        "is missing",
    ),
    Kind(
        "folder in a file's place",
        exchanged_for(RECORD, lambda path: path.mkdir()),
        RECORD,
        "is missing",
    ),
    Kind(
        "pipe in a file's place",
        exchanged_for(LOG_PROOF, lambda path: os.mkfifo(path)),
        f"{RUNS}/{TWO}/{LOG_PROOF}",
        "is a pipe and no file: take it away and verify again; nothing was read",
    ),
    Kind(
        "link to a device in a file's place",
        exchanged_for(SEAL, lambda path: path.symlink_to(os.devnull)),
        f"{RUNS}/{TWO}/{SEAL}",
        "is a device and no file",
    ),
    Kind(
        "file blown up to 2 GB",
        in_run(lambda run: os.truncate(run / LOG_PROOF, 2 << 30)),
        f"{RUNS}/{TWO}/{LOG_PROOF}",
        "has 2147483648 bytes, more than 1073741824 that any file of a run has",
    ),
    Kind(
        "link to a folder added",
        in_run(lambda run: (run / "more").symlink_to(run.parent)),
        "more",
        "was added after the run was sealed",
    ),
]
