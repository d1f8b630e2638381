"""Clients in throw-away virtual environments of their own, which know nothing of this project."""

import json
import os
import shutil
import subprocess
import venv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.conformance.check import Check

SCRIPTS = Path(__file__).with_name("clients")
INSTALL_WALL_S, RUN_WALL_S = 600.0, 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A program by others, with the script that makes it speak.

    The script runs under the environment's Python, with the arguments of `run`. For each exchange
    it calls `exchange` of the module `exchanges`, which lies beside it.

    Attributes:
        name: Printed name.
        version: Printed version; the requirements pin it.
        instrument: Role that it speaks to.
        requirements: What is installed, by name, pinned. Nothing: the script needs none.
        alone: What is installed without what it requires in its turn.
        script: File in the folder `clients`.
        optional: Why it may be missing; nothing: then its absence is a failure.
    """

    name: str
    version: str
    instrument: str
    requirements: tuple[str, ...]
    script: str
    alone: tuple[str, ...] = ()
    optional: str = ""


class Environments:
    """Makes one environment for each client below a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def run(self, client: Client, *arguments: str) -> Iterator[Check]:
        """Install a client, run its script and return its exchanges as they come."""
        home = self._folder / client.script.removesuffix(".py")
        try:
            trouble = self._installed(client, home)
            if trouble:
                yield self._missing(client, trouble)
            else:
                yield from self._spoken(client, home, arguments)
        finally:
            # Some take hundreds of megabytes.
            shutil.rmtree(home, ignore_errors=True)

    def _spoken(self, client: Client, home: Path, arguments: Sequence[str]) -> Iterator[Check]:
        """Run the script and return its exchanges."""
        command = [str(home / "bin" / "python"), str(SCRIPTS / client.script), *arguments]
        # Nothing of this project's own environment may help the client.
        clean = {key: os.environ[key] for key in os.environ if not key.startswith("PYTHON")}
        done = subprocess.run(
            command,
            cwd=self._folder,
            env=clean,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=RUN_WALL_S,
            check=False,
        )
        lines = [line for line in done.stdout.splitlines() if line.startswith('{"exchange"')]
        for line in lines:
            answer = json.loads(line)
            yield self._row(client, answer["exchange"], answer["detail"])
        if done.returncode or not lines:
            last = (done.stderr.strip().splitlines() or ["no exchange at all"])[-1]
            yield self._row(client, "the script comes to its end", last)

    def _installed(self, client: Client, home: Path) -> str:
        """Make the environment; return what went wrong, if anything."""
        wanted = [[*client.requirements]] if client.requirements else []
        wanted += [["--no-deps", *client.alone]] if client.alone else []
        venv.create(home, clear=True, with_pip=bool(wanted))
        for arguments in wanted:
            done = subprocess.run(
                [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", *arguments],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=INSTALL_WALL_S,
                check=False,
            )
            if done.returncode:
                lines = done.stderr.splitlines()
                return next((line for line in lines if line.startswith("ERROR")), "pip failed")
        return ""

    def _missing(self, client: Client, trouble: str) -> Check:
        return Check(
            client=client.name,
            version=client.version,
            instrument=client.instrument,
            exchange="installs",
            result="not run" if client.optional else "FAILED",
            detail=f"{client.optional}: {trouble}" if client.optional else trouble,
        )

    def _row(self, client: Client, exchange: str, detail: str) -> Check:
        return Check(
            client=client.name,
            version=client.version,
            instrument=client.instrument,
            exchange=exchange,
            result="FAILED" if detail else "ok",
            detail=detail,
        )


def first_available(commands: Sequence[str]) -> str:
    """Return the first of these programs that is installed, or nothing."""
    folders = os.environ.get("PATH", "").split(os.pathsep)
    return next((c for c in commands if any((Path(f) / c).exists() for f in folders)), "")
