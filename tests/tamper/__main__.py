"""Tamper with a data folder in every known way, and print what `ledcal verify` says of each."""

import argparse
import re
import sys
import tempfile
from pathlib import Path

from tests.tamper.archive import make_archive
from tests.tamper.check import verify
from tests.tamper.kinds import KINDS
from tests.validate.page import markdown, write_block

HEADINGS = ("what was done", "what `ledcal verify` says of it")


def main() -> int:
    """Print the table; return 1 when a kind is not named."""
    parser = argparse.ArgumentParser(prog="python -m tests.tamper", description=__doc__)
    parser.add_argument("--write", type=Path, help="page that takes the table up")
    wanted = parser.parse_args()
    rows: list[tuple[str, str]] = []
    missed = 0
    with tempfile.TemporaryDirectory() as scratch:
        whole = make_archive(Path(scratch) / "whole")
        number = 0
        for place, kinds in KINDS.items():
            rows.append((f"**{place}**", ""))
            for kind in kinds:
                number += 1
                archive = whole.copied(Path(scratch) / str(number))
                kind.act(archive)
                said = verify(archive, kind.outside)
                named = said.names(kind) if said.exit_code == 1 and not said.crash else ""
                missed += not named
                needs = ", with a certificate kept elsewhere" if kind.outside else ""
                words = named.replace(str(archive.data), "DATA").replace(
                    str(archive.outside), "ELSEWHERE"
                )
                words = re.sub(r"\b([0-9a-f]{8})[0-9a-f]{56}\b", r"\1…", words)
                rows.append((kind.words + needs, words or "NOT NAMED"))
    for what, words in rows:
        print(f"{what}: {words}" if words else f"\n{what.strip('*')}")
    print(f"\n{number} kinds, {missed} not named")
    if wanted.write is not None:
        table = markdown(HEADINGS, [(what, words.replace("|", "\\|")) for what, words in rows])
        write_block(wanted.write, "tamper", table)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
