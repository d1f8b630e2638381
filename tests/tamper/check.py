"""What `ledcal verify` says of a data folder that somebody tampered with."""

import json
from dataclasses import dataclass
from typing import Any

from typer.testing import CliRunner

from ledcal.rig.cli import app
from tests.tamper.archive import Archive
from tests.tamper.kind import Kind


@dataclass(frozen=True)
class Said:
    """An answer.

    Attributes:
        exit_code: Of the command.
        crash: What it raised, empty for nothing.
        findings: File and text of each finding.
    """

    exit_code: int
    crash: str
    findings: list[tuple[str, str]]

    def names(self, kind: Kind) -> str:
        """Return the first finding that names the kind, empty when none does."""
        for file, text in self.findings:
            if file.endswith(kind.file) and kind.says in text:
                return f"{file} {text}"
        return ""


def verify(archive: Archive, outside: str = "") -> Said:
    """Run the command as a program would."""
    command = ["verify", str(archive.data), "--data", str(archive.data)]
    if outside:
        command += ["--checkpoint", str(archive.outside / f"{outside}.html")]
    answer = CliRunner().invoke(app, [*command, "--json"])
    crash = answer.exception
    said: dict[str, Any] = json.loads(answer.stdout)
    paths = said["paths"] if "unaltered" in said else []
    return Said(
        exit_code=answer.exit_code,
        crash="" if crash is None or isinstance(crash, SystemExit) else repr(crash),
        findings=[(one["file"], one["text"]) for path in paths for one in path["findings"]],
    )
