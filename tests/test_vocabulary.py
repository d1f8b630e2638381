"""The names in the source are those of docs/vocabulary.md, which these tests read."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[1]
LAYERS = ("calibration", "instruments", "rig", "fixtures", "reports")
# On a page a number is a position; on the virtual bench, names are those of its physics.
WITH_UNITS = ("calibration", "instruments", "rig", "fixtures")
WITHOUT_UNITS = ROOT / "instruments" / "virtual"
LONGEST = 330
LONGER = {
    "calibration/firmware/ledcal_load.c": "one file that a firmware can copy",
    "tests/calibration/test_curve.py": "its tests share one plan of points",
    "tests/coverage_study/bench.py": "one bench with all its roles in one process",
}
_CODE = re.compile(r"`([^`]+)`")


class Quantity(NamedTuple):
    """A floating-point field or parameter."""

    name: str
    file: str
    line: int


def section(heading: str) -> str:
    page = (ROOT / "docs" / "vocabulary.md").read_text(encoding="utf-8")
    _, found, rest = page.partition(f"\n## {heading}\n")
    assert found, f"docs/vocabulary.md has lost its section {heading!r}"
    return rest.partition("\n## ")[0]


def rows(heading: str) -> list[list[str]]:
    """The rows of all tables of a section, as cells."""
    lines = [line for line in section(heading).splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def suffixes() -> list[str]:
    return [_CODE.findall(row[0])[0] for row in rows("Suffixes")]


def plain_names() -> set[str]:
    lists = re.split(r"\n\n", section("Names without a suffix"))
    return {name for part in lists if part.startswith("`") for name in _CODE.findall(part)}


def kernel_names() -> dict[str, set[str]]:
    """The names that each kernel may use; the empty set stands for all of its own."""
    return {_CODE.findall(row[0])[0]: set(_CODE.findall(row[1])) for row in rows("Kernels")}


def is_of_kernel(one: Quantity) -> bool:
    names = kernel_names().get(one.file)
    return names is not None and (not names or one.name in names)


def sources(*layers: str) -> Iterator[Path]:
    for layer in layers:
        yield from sorted((ROOT / layer).rglob("*.py"))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def holds_float(annotation: ast.AST | None, aliases: set[str]) -> bool:
    """Whether a value of this type is, or holds, a floating-point number."""
    match annotation:
        case None:
            return False
        case ast.Name(id=name):
            return name in aliases
        case ast.Attribute(attr=name):
            return name in aliases
        case ast.Subscript(value=ast.Name(id="Callable")):
            return False  # a function; it is named by what it does
    return any(holds_float(part, aliases) for part in ast.iter_child_nodes(annotation))


def float_types(trees: list[ast.Module]) -> set[str]:
    """The names of all types that hold floating-point numbers: float, and aliases of aliases."""
    known = {"float", "float64"}
    before = 0
    while len(known) > before:
        before = len(known)
        for module in trees:
            for node in module.body:
                match node:
                    case ast.Assign(targets=[ast.Name(id=alias)], value=ast.Subscript() as value):
                        if holds_float(value, known):
                            known.add(alias)
    return known


def quantities_of(path: Path, aliases: set[str]) -> Iterator[Quantity]:
    """Fields of classes and parameters of public functions and methods, not of nested ones."""
    file = path.relative_to(ROOT).as_posix()

    def within(body: list[ast.stmt], is_class: bool) -> Iterator[Quantity]:
        for node in body:
            match node:
                case ast.ClassDef(body=inner):
                    yield from within(inner, True)
                case ast.AnnAssign(target=ast.Name(id=name)) if is_class:
                    if holds_float(node.annotation, aliases):
                        yield Quantity(name, file, node.lineno)
                case ast.FunctionDef(name=function, args=args):
                    if function.startswith("_") and function != "__init__":
                        continue
                    for argument in (*args.posonlyargs, *args.args, *args.kwonlyargs):
                        if holds_float(argument.annotation, aliases):
                            yield Quantity(argument.arg, file, argument.lineno)

    yield from within(tree(path).body, False)


@cache
def quantities() -> list[Quantity]:
    paths = [path for path in sources(*WITH_UNITS) if WITHOUT_UNITS not in path.parents]
    aliases = float_types([tree(path) for path in paths])
    return [quantity for path in paths for quantity in quantities_of(path, aliases)]


def has_suffix(name: str) -> bool:
    return any(name.endswith(suffix) and name != suffix for suffix in suffixes())


def test_every_quantity_carries_its_unit() -> None:
    plain = plain_names()
    nameless = [
        f"{one.file}:{one.line}: {one.name}"
        for one in quantities()
        if not (has_suffix(one.name) or one.name in plain or is_of_kernel(one))
    ]
    assert not nameless, "no unit in the name and not in docs/vocabulary.md:\n" + "\n".join(
        nameless
    )


def test_the_rule_sees_fields_parameters_and_aliases() -> None:
    # A rule that looks at nothing would pass as well.
    names = {(one.name, one.file) for one in quantities()}
    assert ("power_w", "calibration/indication.py") in names
    assert ("wavelength_nm", "calibration/indication.py") in names  # through FloatArray
    assert ("watchdog_s", "instruments/roles.py") in names  # a method of a protocol
    assert ("drive_levels", "rig/product.py") in names  # through Annotated and an alias
    assert ("fraction", "fixtures/procedure/test_90_verify.py") in names


@pytest.mark.parametrize(
    ("name", "allowed"),
    [("power_w", True), ("power", False), ("_w", False), ("u_rel", True), ("centroid", False)],
)
def test_a_suffix_needs_a_name_before_it(name: str, allowed: bool) -> None:
    assert has_suffix(name) is allowed


def test_the_lists_hold_nothing_that_is_gone() -> None:
    used = {one.name for one in quantities()}
    by_file = {(one.name, one.file) for one in quantities()}
    gone = sorted(plain_names() - used)
    gone += sorted(set(kernel_names()) - {one.file for one in quantities()})
    gone += [
        f"{file}: {name}"
        for file, names in kernel_names().items()
        for name in sorted(names)
        if (name, file) not in by_file
    ]
    assert not gone, f"take these out of docs/vocabulary.md: {gone}"


def test_no_name_stands_in_a_list_that_has_a_suffix_anyway() -> None:
    assert [name for name in sorted(plain_names()) if has_suffix(name)] == []


def test_terms_name_what_exists() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources(*LAYERS))
    words = set(re.findall(r"[\w.]+", text)) | set(re.findall(r"\w+", text))
    gone = []
    for heading in ("Metrology", "Radiometry", "The panel and its file", "The bench", "A run"):
        lines = [x for x in section(heading).splitlines() if x.startswith("| ")][1:]
        assert lines, heading
        for line in lines:
            in_code = line.strip("|").split(" | ")[1]
            gone += [name for name in _CODE.findall(in_code) if name not in words]
    assert not gone, f"docs/vocabulary.md names what the source does not: {gone}"


def test_the_page_prints_the_unit_of_every_suffix() -> None:
    first_table = section("Suffixes").partition("Rare ones")[0]
    closed_list = set(re.findall(r"^\| `(\w+)`", first_table, re.MULTILINE))
    for node in tree(ROOT / "reports" / "quantity.py").body:
        match node:
            case ast.Assign(targets=[ast.Name(id="_SUFFIXES")], value=value):
                printed = {suffix for suffix, _ in ast.literal_eval(value)}
                assert printed == closed_list
                return
    pytest.fail("reports/quantity.py has no _SUFFIXES")


def test_files_are_named_after_what_they_are_about() -> None:
    banned = set(_CODE.findall(section("Words that name no file")))
    assert {"utils", "helpers", "manager", "data", "process"} <= banned
    named = [
        path.relative_to(ROOT).as_posix()
        for path in sources(*LAYERS, "tests")
        if banned
        & set(path.relative_to(ROOT).with_suffix("").as_posix().replace("/", "_").split("_"))
    ]
    assert named == []


def test_files_are_short_enough_to_be_read() -> None:
    kinds = {".py", ".c", ".h", ".html", ".css", ".toml"}
    lengths = {
        path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for layer in (*LAYERS, "tests")
        for path in sorted((ROOT / layer).rglob("*"))
        if path.suffix in kinds and not path.name.startswith("_host.")
    }
    too_long = {file for file, length in lengths.items() if length > LONGEST}
    assert sorted(too_long - set(LONGER)) == []
    assert sorted(set(LONGER) - too_long) == [], "no longer long: take it out of LONGER"
