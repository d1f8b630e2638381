"""What is judged: a run with the data folder around it, copied, and what commands say of it."""

import html
import json
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cached_property
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

LEDCAL = (sys.executable, "-m", "ledcal.rig")
REVIEWER, APPROVER = "Rita Reviewer", "Anna Approver"
_LONGEST_S = 300


@dataclass(frozen=True)
class Told:
    """How a command ended, and all that it printed."""

    code: int
    text: str


class Evidence:
    """A run and what belongs to it; commands are tried on copies, never on the folder itself.

    Attributes:
        run: The run's folder, in a copy of its data folder.
        data: That copy.
        scratch: For whatever a check writes.
    """

    def __init__(self, run: Path, scratch: Path, page: str | None = None) -> None:
        """Copy the data folder of a run; a page takes the place of the run's own.

        Raises:
            ValueError: It is no folder of a closed run in a data folder.
        """
        if not (run / "seal.json").is_file() or run.resolve().parent.name not in (
            "runs",
            "proofs",
        ):
            raise ValueError(f"{run}: is no folder of a closed run in a data folder")
        self.scratch = scratch
        self.data = scratch / "data"
        shutil.copytree(run.resolve().parent.parent, self.data, symlinks=True)
        self.run = self.data / run.resolve().parent.name / run.resolve().name
        self._page = page
        self._copies = 0

    def ledcal(self, *arguments: str | Path, data: Path | None = None) -> Told:
        """Run a command on a data folder, the copy of the run's own unless another is named."""
        command = [*LEDCAL, *map(str, arguments), "--data", str(data or self.data)]
        done = subprocess.run(
            command,
            cwd=self.scratch,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_LONGEST_S,
        )
        return Told(done.returncode, done.stdout + done.stderr)

    def has_command(self, *words: str) -> bool:
        """Tell whether the command line knows a command."""
        return subprocess.run([*LEDCAL, *words, "--help"], capture_output=True).returncode == 0

    def copy(self) -> Path:
        """Return another copy of the data folder, to be tampered with."""
        self._copies += 1
        folder = self.scratch / f"copy-{self._copies}"
        shutil.copytree(self.data, folder, symlinks=True)
        return folder

    def in_copy(self, folder: Path) -> Path:
        """Return the run's folder in a copy of the data folder."""
        return folder / self.run.relative_to(self.data)

    @cached_property
    def events(self) -> list[dict[str, Any]]:
        """The facts of the record, in order."""
        return list(json.loads((self.run / "record.json").read_bytes())["events"])

    def of_kind(self, kind: str) -> list[dict[str, Any]]:
        """Return the events of one kind."""
        return [one for one in self.events if one["event"] == kind]

    @property
    def started(self) -> dict[str, Any]:
        """The event that begins the run."""
        return self.events[0]

    @cached_property
    def key_files(self) -> dict[str, Path]:
        """A key file for reviewer and approver, trusted in the copy."""
        found = {}
        for name in (REVIEWER, APPROVER):
            path = self.scratch / f"{name.split()[0].lower()}.toml"
            purpose = "PROD" if self.started["mode"] == "PROD" else "ENG"
            made = ("key", "new", name, "--purpose", purpose, "--output", str(path))
            done = subprocess.run([*LEDCAL, *made], capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
            told = self.ledcal("key", "trust", f"{path}.pub")
            assert told.code == 0, told.text
            found[name] = path
        return found

    @cached_property
    def stated(self) -> tuple[Told, Told, Told]:
        """An approval before any review, a review, an approval: as the commands answered."""
        keys = self.key_files
        approve = ("approve", self.run, "--name", APPROVER, "--key", keys[APPROVER])
        review = ("review", self.run, "--name", REVIEWER, "--key", keys[REVIEWER])
        early = self.ledcal(*approve)
        return early, self.ledcal(*review), self.ledcal(*approve)

    @cached_property
    def html(self) -> str:
        """The certificate with all that was signed."""
        if self._page is not None:
            return self._page
        _ = self.stated
        path = self.scratch / "certificate.html"
        told = self.ledcal("report", self.run, "--output", path)
        assert told.code == 0, told.text
        return path.read_text(encoding="utf-8")

    @cached_property
    def page(self) -> str:
        """The words of the certificate, as a person reads them."""
        body = self.html[self.html.index("<body") :]
        plain = re.sub(r"<(style|svg|script)\b.*?</\1>", " ", body, flags=re.DOTALL)
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", plain)).split())

    @cached_property
    def tables(self) -> list[list[list[str]]]:
        """Every table of the certificate: rows of cells, the heading first."""
        reader = _Tables()
        reader.feed(self.html)
        return reader.tables

    @cached_property
    def pdf_pages(self) -> list[str]:
        """The words of each page of the certificate as a browser prints it, without spaces."""
        browser = shutil.which("chromium") or shutil.which("google-chrome")
        reader = shutil.which("pdftotext")
        if browser is None or reader is None:
            raise RuntimeError("needs chromium and pdftotext (poppler-utils): install both")
        with tempfile.TemporaryDirectory() as folder:
            source, pdf = Path(folder) / "page.html", Path(folder) / "page.pdf"
            source.write_text(self.html, encoding="utf-8")
            quiet = ("--headless", "--disable-gpu", "--no-first-run", "--disable-sync")
            alone = ("--no-sandbox", "--disable-background-networking", "--no-pdf-header-footer")
            own = (f"--user-data-dir={folder}/profile", f"--print-to-pdf={pdf}")
            printing = [browser, *quiet, *alone, *own, source.as_uri()]
            subprocess.run(printing, check=True, capture_output=True, timeout=_LONGEST_S)
            done = subprocess.run([reader, "-layout", pdf, "-"], check=True, capture_output=True)
        pages = done.stdout.decode("utf-8", "replace").split("\f")[:-1]
        return ["".join(one.split()) for one in pages]


class _Tables(HTMLParser):
    """Collects the text of the cells of all tables."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self._in_cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.tables.append([])
        elif tag == "tr" and self.tables:
            self.tables[-1].append([])
        elif tag in ("td", "th") and self.tables and self.tables[-1]:
            self.tables[-1][-1].append("")
            self._in_cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        if self._in_cell:
            self.tables[-1][-1][-1] += data
