"""Put hostile texts into every field, and print in which outputs each field is shown."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.hostile.texts import HARMLESS, TEXTS, fields, tagged
from tests.hostile.world import World, make_world
from tests.validate.page import markdown, write_block

HEADINGS = ("field", "shown, harmless, in", "refused at the door")


def rows(worlds: dict[str, World]) -> list[tuple[str, str, str]]:
    """Return a row for each field: where a harmless text stands, and which texts are refused."""
    plain = worlds[HARMLESS]
    found = []
    for field in fields():
        mark = tagged("", field)
        shown = [name for name, output in plain.outputs.items() if mark in output]
        refused = [name for name, world in worlds.items() if field in world.doors]
        found.append((field, ", ".join(shown), ", ".join(refused)))
    return found


def main() -> int:
    """Print the table; the tests of this folder say whether it holds."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile", description=__doc__)
    parser.add_argument("--write", type=Path, help="page that takes the table up")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        worlds = {}
        for number, (name, text) in enumerate(TEXTS.items()):
            folder = Path(scratch) / str(number)
            folder.mkdir()
            worlds[name] = make_world(folder, text)
        table = rows(worlds)
    for field, shown, refused in table:
        print(f"{field}: {shown}" + (f"; refused: {refused}" if refused else ""))
    if wanted.write is not None:
        write_block(wanted.write, "hostile", markdown(HEADINGS, table))
    return 0


if __name__ == "__main__":
    sys.exit(main())
