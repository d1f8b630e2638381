"""A run with one text in every field that takes texts, and everything that is made of it."""

import io
import json
import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet
import tomli_w
from rich.console import Console
from typer.testing import CliRunner

from ledcal.rig.cli import app
from ledcal.rig.closing import CERTIFICATE, RECORD
from ledcal.rig.doctor import examine, print_findings
from ledcal.rig.errors import RefusedInput
from ledcal.rig.key_file import new_key_file, public_file
from ledcal.rig.product import read_product
from ledcal.rig.run import RUNS, Request
from ledcal.rig.spectra_file import SPECTRA
from ledcal.rig.station import read_station
from ledcal.rig.station_lock import hold_station
from ledcal.rig.trust import trust
from tests.hostile.texts import EVENTS, PERSON, PRODUCT, REQUEST, STATION, tagged
from tests.rig.conftest import FILES, SERIAL
from tests.tamper.archive import close_one

NAME = f"20260301T100000000Z-{SERIAL}"


@dataclass
class World:
    """What one text left.

    Attributes:
        folder: Everything is below it.
        text: The text.
        doors: By field, in which words it was refused.
        outputs: By name, what was made or printed.
    """

    folder: Path
    text: str
    doors: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def run(self) -> Path:
        return self.data / RUNS / NAME

    def of(self, where: str) -> str:
        """Return the text as it goes into a field."""
        return tagged(self.text, where)

    def ledcal(self, *arguments: object) -> str:
        """Return what a command prints on both streams; it must end in good order."""
        answer = CliRunner().invoke(app, [*map(str, arguments), "--data", str(self.data)])
        if answer.exception is not None and not isinstance(answer.exception, SystemExit):
            raise answer.exception
        return answer.output


def make_world(folder: Path, text: str, only: Collection[str] = ()) -> World:
    """Put a text into every field, make a run of it, and everything that is made of a run.

    Args:
        folder: A new one.
        text: The text.
        only: Names of the outputs that are wanted, none for all.
    """
    world = World(folder, text)
    station, product = _station_file(world), _product_file(world)
    close_one(world.run, station, world.data, b"", world_facts(world), product, **_asked(world))
    for name, make in OUTPUTS.items():
        if not only or name in only:
            world.outputs[name] = make(world)
    if only:
        return world
    with hold_station(station):
        # Held by somebody else, so that no instrument is looked for.
        found = examine(station, product, world.data)
    screen = io.StringIO()
    print_findings(found, Console(file=screen, width=120))
    world.outputs["doctor"] = screen.getvalue()
    return world


def world_facts(world: World) -> Callable[[str, dict[str, Any]], dict[str, Any]]:
    """Return what puts the text into an event's facts."""

    def of(event: str, facts: dict[str, Any]) -> dict[str, Any]:
        for name in EVENTS[event]:
            _put(facts, name, world.of(f"{event} {name}"))
        return facts

    return of


def _put(facts: dict[str, Any], name: str, value: str) -> None:
    *way, last = name.split(".")
    for part in way:
        facts = facts[part]
    facts[last] = value


def _asked(world: World) -> dict[str, str]:
    asked = {}
    for name in REQUEST:
        text = world.of(f"request {name}")
        try:
            one: dict[str, Any] = {"serial": SERIAL, name: text}
            Request(**one)
        except RefusedInput as error:
            world.doors[f"request {name}"] = error.text
        else:
            asked[name] = text
    return asked


def _station_file(world: World) -> Path:
    bench = world.folder / "bench"
    bench.mkdir()
    laboratory = {"name": "Laboratory", "country_code": "DE"}
    files = json.loads(json.dumps(FILES, default=str)) | {
        "station": json.loads(json.dumps(FILES["station"])) | {"laboratory": laboratory}
    }
    for name in FILES:
        content = FILES[name] if name != "station" else files["station"]
        (bench / f"{name}.toml").write_bytes(tomli_w.dumps(content).encode())
    return _accepted(world, bench / "station.toml", "station", STATION, read_station)


def _product_file(world: World) -> Path:
    path = world.folder / "product.toml"
    path.write_bytes(read_product(None).content)
    return _accepted(world, path, "product", PRODUCT, read_product)


def _accepted(
    world: World, path: Path, origin: str, names: tuple[str, ...], read: Callable[[Path], object]
) -> Path:
    """Write the text into a user's file, field by field; one that is refused stays."""
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    for name in names:
        tried = tomllib.loads(tomli_w.dumps(content))
        _put(tried, name, world.of(f"{origin} {name}"))
        path.write_bytes(tomli_w.dumps(tried).encode())
        try:
            read(path)
        except RefusedInput as error:
            world.doors[f"{origin} {name}"] = error.text
        else:
            content = tried
    path.write_bytes(tomli_w.dumps(content).encode())
    return path


def _reviewed(world: World) -> str:
    """Review the run by the command, then make its page again with the statement on it."""
    said = {name: world.of(f"person {name}") for name in PERSON}
    key = world.folder / "key.toml"
    try:
        new_key_file(key, said["key"], "ENG")
        trust(public_file(key), world.data)
    except RefusedInput as error:
        world.doors["person key"] = error.text
        key.unlink(missing_ok=True)
        public_file(key).unlink(missing_ok=True)
        new_key_file(key, "a person", "ENG")
        trust(public_file(key), world.data)
    told = world.ledcal(
        *("review", NAME, "--key", key, f"--name={said['name']}", f"--remark={said['remark']}")
    )
    if "reviewed, key" in told:
        return told
    # A text that is too long for a name: the remark goes alone, then neither.
    for name in ("name", "remark"):
        world.doors[f"person {name}"] = told
    return told + world.ledcal("review", NAME, "--key", key, "--name=Ann")


def _page(world: World) -> str:
    world.ledcal("report", NAME, "--output", world.folder / "page.html")
    return (world.folder / "page.html").read_text(encoding="utf-8")


def _csv(world: World) -> str:
    world.ledcal("spectra", NAME, "--csv", world.folder / "spectra.csv")
    return (world.folder / "spectra.csv").read_bytes().decode()


def _xml(world: World) -> str:
    told = world.ledcal("dcc", NAME, "--output", world.folder / "dcc.xml")
    assert "dcc.xml: run" in told, told
    return (world.folder / "dcc.xml").read_bytes().decode()


def _spectra(world: World) -> str:
    metadata = pyarrow.parquet.read_schema(world.run / SPECTRA).metadata
    return str(metadata[b"ledcal"].decode())


OUTPUTS: Mapping[str, Callable[[World], str]] = {
    "review": _reviewed,
    "certificate": lambda world: (world.run / CERTIFICATE).read_text(encoding="utf-8"),
    "report": _page,
    "record": lambda world: (world.run / RECORD).read_bytes().decode(),
    "spectra.parquet": _spectra,
    "spectra.csv": _csv,
    "DCC": _xml,
    "show": lambda world: world.ledcal("show", NAME),
    "show --json": lambda world: world.ledcal("show", NAME, "--json"),
    "history": lambda world: world.ledcal("history", SERIAL),
    "history --json": lambda world: world.ledcal("history", SERIAL, "--json"),
    "inspect": lambda world: world.ledcal("inspect", world.run / "panel.ledcal"),
    "verify": lambda world: world.ledcal("verify", world.data),
    "verify --json": lambda world: world.ledcal("verify", world.data, "--json"),
    "audit": lambda world: world.ledcal("audit"),
    "recompute": lambda world: world.ledcal("recompute", NAME),
    "touched": lambda world: world.ledcal(
        "touched", f"--instrument={world.of('instrument serial')}"
    ),
    "touched --json": lambda world: world.ledcal(
        "touched", f"--instrument={world.of('instrument serial')}", "--json"
    ),
    "key list": lambda world: world.ledcal("key", "list"),
    "no such instrument": lambda world: world.ledcal("touched", f"--instrument=no {world.text}"),
    "no such run": lambda world: world.ledcal("show", f"no {world.text}"),
    "no such file": lambda world: world.ledcal("inspect", f"no {world.text}"),
    "no such path": lambda world: world.ledcal("verify", f"no {world.text}"),
    "no such checkpoint": lambda world: world.ledcal(
        "verify", world.data, f"--checkpoint=no {world.text}"
    ),
    "no serial": lambda world: world.ledcal("calibrate", f"no {world.text}"),
}
