from datetime import date
from pathlib import Path
from typing import Annotated, Any

import pytest
import tomli_w
from annotated_types import Ge, Len
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field

from ledcal.rig.errors import RefusedInput
from ledcal.rig.settings import Settings, line_of, read_settings


class Part(Settings):
    depth_mm: Annotated[float, Ge(0)]
    count: int = 1
    on: bool = False


class Whole(Settings):
    title: Annotated[str, Len(1, 9)]
    made: date = date(2026, 1, 1)
    part: list[Part] = Field(default_factory=list)
    named: dict[str, int] = Field(default_factory=dict)
    rows: list[list[float]] = Field(default_factory=list)


def refused(path: Path, content: str | bytes) -> list[str]:
    """Return the lines of the refusal."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(RefusedInput) as caught:
        read_settings(path, Whole)
    assert caught.value.outcome.exit_code == 2
    return str(caught.value).split("\n")


def test_a_file_is_kept_with_its_bytes_and_their_hash(tmp_path: Path) -> None:
    path = tmp_path / "f.toml"
    path.write_bytes(b'title = "a"\n')
    file = read_settings(path, Whole)
    assert file.settings.title == "a"
    assert file.content == path.read_bytes()
    # echo 'title = "a"' | sha256sum
    assert file.sha256 == "90491c6e4037bedf0914b90026a47dd3ce491e73825e407b6b196617674467e9"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ('title = "a"\nwidth = 3\n', "2: width: unknown key"),
        ("made = 2026-01-01\n", "1: title: is missing"),
        ("title = 5\n", "1: title: 5: Input should be a valid string"),
        ('\n\ntitle = ""\n', "3: title: '': "),
        ('title = "a"\nmade = 2026-01-01T10:00:00\n', "2: made: datetime.datetime("),
        ('title = "a"\nmade = "2026-01-01"\n', "2: made: '2026-01-01': "),
        ('title = "a"\n[[part]]\ndepth_mm = nan\n', "3: part[1].depth_mm: nan: "),
        ('title = "a"\n[[part]]\ndepth_mm = -inf\n', "3: part[1].depth_mm: -inf: "),
        ('title = "a"\n[[part]]\ndepth_mm = -1.5\n', "3: part[1].depth_mm: -1.5: "),
        ('title = "a"\n[[part]]\ndepth_mm = true\n', "3: part[1].depth_mm: True: "),
        ('title = "a"\n[[part]]\ndepth_mm = "1"\n', "3: part[1].depth_mm: '1': "),
        ('title = "a"\n[[part]]\ndepth_mm = 1\ncount = 2.0\n', "4: part[1].count: 2.0: "),
        ('title = "a"\n[[part]]\ndepth_mm = 1\non = 1\n', "4: part[1].on: 1: "),
        (
            'title = "a"\n[[part]]\ndepth_mm = 1\n[[part]]\non = true\n',
            "4: part[2].depth_mm: is m",
        ),
        ('title = "a"\npart = [{depth_mm = 1}, {depth_mm = -2}]\n', "2: part[2].depth_mm: -2: "),
        ('title = "a"\n[named]\n"b c" = "x"\n', "3: named.b c: 'x': "),
        ("title = 'a'\n[named]\n'b' = 1.5\n", "3: named.b: 1.5: "),
        ('title = "a"\nnamed.b = 1\nnamed . "c" = 2.5\n', "3: named.c: 2.5: "),
        ('title = "a"\r\n[ named ] # comment\r\nb = true\r\n', "3: named.b: True: "),
        # What stands within a value looks like a table or a key, and is neither.
        ('title = "a"\nrows = [\n  [1],\n  [2]\n]\nwidth = 3\n', "6: width: unknown"),
        ('title = """\nwidth = 3\n[named]\n"""\nwidth = 3\n', "5: width: unknown"),
        ('title = "a"\nrows = [\n  [1],\n  ["x"]\n]\n', "2: rows[2][1]: 'x': "),
        # TOML knows two line ends; Python knows nine.
        ('title = "a" # \u2028 \u0085 \u2029\nwidth = 3\n', "2: width: unknown"),
    ],
)
def test_a_refusal_names_file_line_key_value_and_limit(
    tmp_path: Path, content: str, line: str
) -> None:
    path = tmp_path / "f.toml"
    lines = refused(path, content)
    assert any(one.startswith(f"{path}:{line}") for one in lines), lines


def test_the_limit_is_named(tmp_path: Path) -> None:
    (line,) = refused(tmp_path / "f", 'title = "a"\n[[part]]\ndepth_mm = -1.5\n')
    assert line.endswith("-1.5: Input should be greater than or equal to 0")


def test_every_refused_key_has_its_own_line(tmp_path: Path) -> None:
    path = tmp_path / "f.toml"
    lines = refused(path, 'title = "0123456789"\nwidth = 3\n[[part]]\ncount = "x"\n')
    assert [line.split(": ")[0:2] for line in lines] == [
        [f"{path}:1", "title"],
        [f"{path}:3", "part[1].depth_mm"],
        [f"{path}:4", "part[1].count"],
        [f"{path}:2", "width"],
    ]


def test_a_long_value_is_cut(tmp_path: Path) -> None:
    for line in refused(tmp_path / "f.toml", f'title = "{"x" * 10_000}"\n'):
        assert len(line) < 300


@pytest.mark.parametrize(
    "content",
    [
        "title = \n",
        'title = "a"\ntitle = "b"\n',
        b'title = "\xff"\n',
        b"\x00",
        "made = 2026-13-45\n",
        f"title = {'[' * 100_000}",
        f"title = {'1' * 5_000}\n",
    ],
    ids=["no value", "twice", "not UTF-8", "NUL", "no day", "deep", "long number"],
)
def test_what_is_no_toml_is_refused(tmp_path: Path, content: str | bytes) -> None:
    path = tmp_path / "f.toml"
    (line,) = refused(path, content)
    assert line.startswith(f"{path}: is not valid TOML: ")


def test_an_error_of_syntax_names_the_line(tmp_path: Path) -> None:
    (line,) = refused(tmp_path / "f.toml", 'title = "a"\n\nwidth == 3\n')
    assert "line 3" in line


@pytest.mark.parametrize("name", ["absent.toml", ".", "file/below"])
def test_what_cannot_be_read_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RefusedInput, match="cannot be read: "):
        read_settings(tmp_path / name, Whole)


_name = st.text(
    st.characters(codec="utf-8", categories=["L", "N"]) | st.sampled_from("-. ]["), min_size=1
)
_tree = st.recursive(
    st.dictionaries(_name, st.none(), min_size=1, max_size=3),
    lambda inner: st.dictionaries(
        _name, st.none() | inner | st.lists(inner, min_size=1, max_size=3), min_size=1, max_size=3
    ),
    max_leaves=8,
)


def numbered(tree: Any, where: tuple[str | int, ...], found: list[tuple[str | int, ...]]) -> Any:
    """Return the tree with another number at every leaf, and gather the leaves' paths."""
    if isinstance(tree, dict):
        return {key: numbered(item, (*where, key), found) for key, item in tree.items()}
    if isinstance(tree, list):
        return [numbered(item, (*where, n), found) for n, item in enumerate(tree)]
    found.append(where)
    return 1000 + len(found) - 1


@settings(deadline=None)
@given(tree=_tree)
def test_every_key_is_found_where_another_program_wrote_it(tree: dict[str, Any]) -> None:
    found: list[tuple[str | int, ...]] = []
    lines = tomli_w.dumps(numbered(tree, (), found)).split("\n")
    for number, where in enumerate(found, start=1000):
        line = lines[line_of("\n".join(lines), where) - 1]
        # A list of tables may also be written as one value over several lines: its first is named.
        assert f" {number}" in line or line.endswith(" = [")


@settings(deadline=None)
@given(text=st.text(), where=st.lists(st.text() | st.integers(0, 3)).map(tuple))
def test_some_line_of_the_text_is_named(text: str, where: tuple[str | int, ...]) -> None:
    assert 1 <= line_of(text, where) <= text.count("\n") + 1
