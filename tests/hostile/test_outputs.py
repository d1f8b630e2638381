"""Every field with every hostile text, in every output: refused at the door, or shown harmless."""

import csv
import html
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from ledcal.reports.text import legible
from ledcal.rig.errors import RefusedInput
from ledcal.rig.product import read_product
from ledcal.rig.run import Request
from tests.hostile.texts import HARMLESS, NO_TEXT, REQUEST, TEXTS, fields, tagged
from tests.hostile.world import NAME, OUTPUTS, World, make_world

PAGES = ("certificate", "report")
RAW = ("record", "spectra.parquet")
"""Outputs that keep a text as it is: they are read by programs."""
TERMINAL = sorted({"doctor", *OUTPUTS} - {*PAGES, *RAW, "DCC", "spectra.csv"})
NARROW = ("touched", "key list")
"""Tables whose columns wrap: a text stands in them in pieces."""


@pytest.fixture(scope="session")
def harmless(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("harmless"), TEXTS[HARMLESS])


@pytest.fixture(scope="module", params=[name for name in TEXTS if name != HARMLESS])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("hostile"), TEXTS[request.param])


class Structure(HTMLParser):
    """The elements of a page with the names of their attributes, and addresses in them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.addresses: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(name for name, _ in attrs)))
        self.addresses += [
            value or "" for name, value in attrs if name in ("href", "src", "action", "xlink:href")
        ]


def text_of(name: str, output: str) -> str:
    """Return what a person reads in an output, without line breaks."""
    if name in PAGES:
        output = html.unescape(re.sub(r"<[^>]*>", " ", output.split("</style>", 1)[1]))
    elif name == "DCC":
        output = " ".join(ElementTree.fromstring(output).itertext())
    elif name in RAW or name.endswith("--json"):
        output = " ".join(strings(json.loads(output)))
    if name == "spectra.csv":
        output = output.replace("'", "")  # by which a formula becomes a text
    # Sentences begin with a capital letter.
    return re.sub(r"\s+", "", output).casefold()


def strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for one in inner for text in strings(one)]


def shown(name: str, text: str) -> str:
    """Return how a text has to stand in an output, without white space."""
    whole = name in RAW or name.endswith("--json")
    said = text if whole else legible(text)
    if name == "spectra.csv":
        said = said.replace("'", "")
    # A longer text may be cut at another length, or be part of a longer line that is cut.
    return re.sub(r"\s+", "", said).casefold()[: None if whole else 250]


def test_what_a_harmless_text_shows_a_hostile_one_shows_too(harmless: World, world: World) -> None:
    """Nothing is dropped in silence: whoever looks sees what was there."""
    found = 0
    for name in sorted({*world.outputs} - {*NARROW}):
        plain, hostile = (text_of(name, one.outputs[name]) for one in (harmless, world))
        for field in fields():
            mark = tagged("", field)
            if mark not in plain or field in {*world.doors, *harmless.doors}:
                continue
            found += 1
            assert shown(name, world.of(field)) in hostile, (name, field)
    assert found > 60


def test_a_terminal_gets_nothing_that_acts(world: World) -> None:
    for name in TERMINAL:
        output = world.outputs[name]
        bad = {one for one in output if not (one.isprintable() or one == "\n")}
        assert not bad, (name, bad)
        if not name.endswith("--json"):
            assert max(map(len, output.split("\n"))) < 5_000, name


def test_json_is_one_object_in_ascii(world: World) -> None:
    for name in TERMINAL:
        if name.endswith("--json"):
            assert world.outputs[name].isascii()
            assert isinstance(json.loads(world.outputs[name]), dict)


def test_a_page_has_the_same_elements_whatever_the_text(harmless: World, world: World) -> None:
    for name in PAGES:
        plain, hostile = (Structure(one.outputs[name]) for one in (harmless, world))
        kinds = {*plain.elements}
        assert {*hostile.elements} <= kinds, {*hostile.elements} - kinds
        assert not any(part == "script" for part, _ in hostile.elements)
        assert not any(one.startswith("on") for _, names in hostile.elements for one in names)
        assert {*hostile.addresses} == {*plain.addresses}
        style = re.search(r"<style>(.*?)</style>", world.outputs[name], re.S)
        assert style is not None
        assert "@import" not in style[1]
        assert "url(" not in style[1]
        assert "default-src 'none'" in world.outputs[name].split("<style>")[0]


def test_the_digital_certificate_has_the_same_elements(harmless: World, world: World) -> None:
    plain, hostile = (ElementTree.fromstring(one.outputs["DCC"]) for one in (harmless, world))
    assert {one.tag for one in hostile.iter()} <= {one.tag for one in plain.iter()}
    assert "<!DOCTYPE" not in world.outputs["DCC"]
    assert "<!ENTITY" not in world.outputs["DCC"]


def test_no_cell_of_a_table_begins_a_formula(world: World) -> None:
    content = world.outputs["spectra.csv"]
    for separator in ",;\t":
        for row in csv.reader(io.StringIO(content, newline=""), delimiter=separator):
            for cell in row:
                try:
                    float(cell)
                except ValueError:
                    assert not cell.lstrip(' "').startswith(("=", "+", "-", "@")), row
    assert all(one.isprintable() or one in "\r\n" for one in content)


def test_the_record_keeps_the_text_as_it_was(world: World) -> None:
    kept = strings(json.loads(world.outputs["record"]))
    for field in fields():
        if field in world.doors or field.startswith("person"):
            continue
        assert world.of(field) in kept, field


def test_nothing_was_made_beside_what_was_asked_for(world: World) -> None:
    made = [path.relative_to(world.folder).as_posix() for path in world.folder.rglob("*")]
    assert all(re.fullmatch(r"[A-Za-z0-9._/-]+", name) for name in made), made
    assert not any("hostile" in name for name in made)
    assert not Path("hostile").exists()
    assert NAME in {path.name for path in world.run.parent.iterdir()}


def test_what_is_refused_is_refused_in_words(world: World) -> None:
    for field, words in world.doors.items():
        assert words.strip(), field
        assert "Traceback" not in words
    # No text is refused where it comes from an instrument: the run has to be kept.
    assert not any(field.split()[0] in ("panel", "instrument", "note") for field in world.doors)


@pytest.mark.parametrize("text", NO_TEXT.values(), ids=NO_TEXT)
def test_what_is_no_text_is_refused_at_the_door(harmless: World, text: str) -> None:
    for name in REQUEST:
        asked: dict[str, Any] = {"serial": "TEST-0001", name: text}
        with pytest.raises(RefusedInput, match="is not UTF-8 text; type it again"):
            Request(**asked)
    for arguments in (
        ("calibrate", "TEST-0001", f"--operator={text}"),
        ("calibrate", text),
        ("show", text),
        ("history", text),
        ("verify", text),
        ("inspect", text),
        ("touched", f"--instrument={text}"),
    ):
        told = harmless.ledcal(*arguments)
        assert all(one.isprintable() or one == "\n" for one in told), (arguments, told)
        assert "Traceback" not in told


@pytest.mark.parametrize(
    "content", [b"\xff\xfe", b'model = "\xff"', b'model = "\\ud800"', b"\x00", b'a = "\x1b[31m"']
)
def test_a_file_that_is_no_text_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "product.toml"
    path.write_bytes(content)
    with pytest.raises(RefusedInput, match="is not valid TOML"):
        read_product(path)
