"""What is installed is what the tree holds, and what the pages say of it."""

import ast
import re
import subprocess
import sys
import tomllib
from functools import cache
from importlib.metadata import EntryPoint, distribution, packages_distributions
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
LAYERS = ("calibration", "instruments", "rig", "fixtures", "reports")
# Part of what another package offers to its users, who need no line of their own for it.
COMES_WITH = {"annotated_types": "pydantic", "pydantic_core": "pydantic", "markupsafe": "jinja2"}
# Found by name at run time: a VISA backend and its serial ports, two plugins of pytest.
NAMED_AT_RUN_TIME = {"pyvisa-py", "pyserial", "pytest-html", "pytest-metadata"}


@cache
def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def dependencies() -> set[str]:
    requirements = pyproject()["project"]["dependencies"]
    return {normal(re.split(r"[\s<>=!~;\[]", text)[0]) for text in requirements}


def optional() -> set[str]:
    """What the extras bring; a module that imports it tells how to install it."""
    extras = pyproject()["project"]["optional-dependencies"].values()
    return {normal(re.split(r"[\s<>=!~;\[]", text)[0]) for extra in extras for text in extra}


def normal(distribution_name: str) -> str:
    """One spelling of each distribution's name, as package indexes compare them."""
    return re.sub(r"[-_.]+", "-", distribution_name).lower()


@cache
def homes() -> dict[str, set[str]]:
    """The distributions that bring each importable name."""
    return {
        name: {normal(home) for home in found} for name, found in packages_distributions().items()
    }


def folders() -> list[Path]:
    """The folders of all packages below the five roots."""
    return [
        init.parent for layer in LAYERS for init in sorted((ROOT / layer).rglob("__init__.py"))
    ]


def package_of(folder: Path) -> str:
    return ".".join(("ledcal", *folder.relative_to(ROOT).parts))


def imported(path: Path) -> set[str]:
    """The top-level names that a file imports."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names=aliases):
                names |= {alias.name.partition(".")[0] for alias in aliases}
            case ast.ImportFrom(module=str(module)):
                names.add(module.partition(".")[0])
    return names - sys.stdlib_module_names - {"ledcal"}


@cache
def third_party() -> set[str]:
    return set().union(
        *(imported(path) for layer in LAYERS for path in (ROOT / layer).rglob("*.py"))
    )


def test_every_package_is_listed() -> None:
    listed = pyproject()["tool"]["setuptools"]["packages"]
    assert sorted(listed) == sorted(package_of(folder) for folder in folders())


def test_every_folder_with_code_is_a_package() -> None:
    with_code = {path.parent for layer in LAYERS for path in (ROOT / layer).rglob("*.py")}
    assert sorted(with_code) == sorted(folders())


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_is_typed_for_its_users(layer: str) -> None:
    assert files(f"ledcal.{layer}").joinpath("py.typed").is_file()


@pytest.mark.parametrize(
    ("package", "file"),
    [
        ("ledcal.calibration.firmware", "FORMAT.md"),
        ("ledcal.calibration.firmware", "ledcal_load.c"),
        ("ledcal.calibration.firmware", "ledcal_load.h"),
        ("ledcal.rig.products", "lt5-300.toml"),
        ("ledcal.fixtures.procedure", "pytest.ini"),
        ("ledcal.reports", "certificate.html"),
        ("ledcal.reports", "certificate.css"),
    ],
)
def test_what_is_no_python_is_installed_too(package: str, file: str) -> None:
    assert files(package).joinpath(file).is_file()


def test_no_file_of_the_tree_is_left_out() -> None:
    kinds = {".py", ".pyi", ".typed", ".toml", ".ini", ".html", ".css", ".h", ".md"}
    missing = [
        path.relative_to(ROOT).as_posix()
        for folder in folders()
        for path in sorted(folder.iterdir())
        if path.suffix in kinds and not files(package_of(folder)).joinpath(path.name).is_file()
    ]
    assert missing == []


def test_the_loader_is_compiled() -> None:
    found = find_spec("ledcal.calibration.firmware._host")
    assert found is not None
    assert found.origin is not None
    assert found.origin.endswith((".so", ".pyd"))


def test_nothing_is_installed_beside_ledcal() -> None:
    # `pip install fixtures` would overwrite a top-level folder of that name without a word.
    top_level = distribution("ledcal").read_text("top_level.txt")
    assert top_level is not None
    assert top_level.split() == ["ledcal"]


def test_the_installed_version_is_the_one_of_the_tree() -> None:
    assert distribution("ledcal").version == pyproject()["project"]["version"]


@pytest.mark.parametrize("group", ["console_scripts", "pytest11"])
def test_an_entry_point_leads_somewhere(group: str) -> None:
    points: list[EntryPoint] = list(distribution("ledcal").entry_points.select(group=group))
    assert [point.name for point in points] == ["ledcal"]
    assert points[0].load() is not None


def test_what_is_imported_is_required() -> None:
    unknown = [
        name
        for name in sorted(third_party())
        if COMES_WITH.get(name) not in dependencies()
        and not (dependencies() | optional()) & homes().get(name, set())
    ]
    assert unknown == []


def test_what_is_required_is_used() -> None:
    used = set().union(*(homes().get(name, set()) for name in third_party()))
    assert sorted(dependencies() - used - NAMED_AT_RUN_TIME) == []


def test_the_readme_tells_the_reason_of_every_dependency() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = text.partition("\n## Dependencies\n")[2].partition("\n## ")[0]
    told = re.findall(r"^\| *`?([A-Za-z][\w.-]*)`? *\|", section, re.MULTILINE)
    assert told[0] == "package", "the table begins with its heading"
    assert sorted(told[1:]) == sorted(dependencies())


def test_no_package_of_somebody_else_lies_in_the_tree() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a clone: what is tracked cannot be asked")
    ran = subprocess.run(
        ["git", "ls-files", "*.whl", "*.tar.gz", "*.egg"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == ""


def test_the_changelog_knows_this_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    first = re.search(r"^## (.+)$", text, re.MULTILINE)
    assert first is not None
    version = re.escape(pyproject()["project"]["version"])
    assert re.match(rf"\[?(?:Unreleased\b|{version}(?!\d))", first[1]), first[1]
