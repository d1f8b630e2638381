"""What is told of a file that was installed in a panel, or read back from one."""

from pathlib import Path

from rich.text import Text

from ledcal.reports.text import legible
from ledcal.rig.console import open_console
from ledcal.rig.delivery import Deliverable, ReadBack
from ledcal.rig.summary import print_json


def print_installed(serial: str, folder: Path, issued: Deliverable, *, as_json: bool) -> None:
    """Print that a panel carries a file, for a person or as one JSON object."""
    if as_json:
        print_json({"serial": serial, "folder": str(folder.resolve()), "file": issued.facts})
        return
    console = open_console()
    run = issued.facts["run"]
    console.print(Text(f"✔ panel {serial} carries the file of run {run}", style="bold blue"))
    console.print(Text(f"  SHA-256 {issued.facts['sha256']}, read back byte for byte"))
    if not issued.proven:
        console.print(
            Text("▲ NOT PROVEN BY LIGHT: it was signed after review, and nobody has measured what")
        )
        console.print(Text(f"  this panel gives with it; `ledcal prove {serial} --from {run}`"))
    console.print(Text(f"  kept in {legible(str(folder.resolve()))}"))


def print_read_back(found: ReadBack, *, as_json: bool) -> None:
    """Print what a panel carries, for a person or as one JSON object."""
    if as_json:
        print_json(
            {
                "serial": found.serial,
                "uid": found.uid,
                "sha256": found.sha256,
                "state": found.state,
                "as_issued": not found.words,
                "file": None if found.issued is None else found.issued.facts,
                "text": found.words,
                "folder": str(found.folder.resolve()),
            }
        )
        return
    console = open_console()
    if found.words:
        console.print(Text(f"✘ panel {legible(found.serial)}: not as issued", style="bold red"))
        console.print(Text(f"  {legible(found.words)}"))
    elif found.issued is not None:
        run = found.issued.facts["run"]
        console.print(
            Text(f"✔ panel {legible(found.serial)} carries what run {run} issued", "bold blue")
        )
    if found.sha256 is not None:
        console.print(Text(f"  SHA-256 {found.sha256}, the panel says {legible(found.state)}"))
    console.print(Text(f"  LED head {found.uid}"))
    console.print(Text(f"  kept in {legible(str(found.folder.resolve()))}"))
