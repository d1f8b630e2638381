"""Tampering with whole folders."""

import shutil

from ledcal.rig.closing import (
    SEAL,
)
from ledcal.rig.run import RUNS
from tests.tamper.archive import Archive, make_archive
from tests.tamper.kind import ONE, TWO, Kind, rename


def folders_exchanged(archive: Archive) -> None:
    one, two = (archive.data / RUNS / name for name in (ONE, TWO))
    one.rename(archive.data / "aside")
    two.rename(one)
    (archive.data / "aside").rename(two)


def folder_added(archive: Archive) -> None:
    """Copy a run in that another station's writing code closed."""
    name = "20260301T160000000Z-TEST-0001"
    other = make_archive(archive.outside / "other", (name, TWO), b"")
    shutil.copytree(other.data / RUNS / name, archive.data / RUNS / name)


def link_that_leads_nowhere(archive: Archive) -> None:
    (archive.data / RUNS / TWO).rename(archive.data / "aside")
    (archive.data / RUNS / TWO).symlink_to("nowhere")


FOLDERS = [
    Kind(
        "run deleted",
        lambda archive: shutil.rmtree(archive.data / RUNS / TWO),
        TWO,
        "is gone; log entry 2 says it was there",
    ),
    Kind(
        "run added",
        folder_added,
        f"{RUNS}/20260301T160000000Z-TEST-0001",
        "was added past the log: no entry knows it",
    ),
    Kind(
        "run renamed",
        rename(f"{RUNS}/{TWO}", f"{RUNS}/20260301T110000000Z-TEST-0002"),
        SEAL,
        f"belongs to run {TWO}, not to this folder",
    ),
    Kind("runs exchanged", folders_exchanged, SEAL, "belongs to run"),
    Kind(
        "run exchanged for a link that leads nowhere",
        link_that_leads_nowhere,
        TWO,
        "is gone; log entry 2 says it was there",
    ),
    Kind(
        "all runs deleted",
        lambda archive: shutil.rmtree(archive.data / RUNS),
        ONE,
        "is gone; log entry 0 says it was there",
    ),
]
