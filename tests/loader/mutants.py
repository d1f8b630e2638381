"""Small mistakes in C source, one at a time: operators, constants, conditions, statements."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.loader.toolchain import HERE

_SWAPS = {
    "<": ["<=", ">="], "<=": ["<", ">"], ">": [">=", "<="], ">=": [">", "<"],
    "==": ["!="], "!=": ["=="], "&&": ["||"], "||": ["&&"],
    "+": ["-"], "-": ["+"], "*": ["+"], "/": ["*"], "<<": [">>"], ">>": ["<<"],
    "&": ["|"], "|": ["&", "^"], "^": ["|", "&"], "+=": ["-="], "-=": ["+="], "*=": ["+="],
    "^=": ["="], ">>=": ["<<="],
}  # fmt: skip
_BINARY = re.compile(r"(?<= )(<<|>>=|>>|[-+*^]=|[<>=!]=|&&|\|\||[-<>+*/&|^])(?= )")
_NUMBER = re.compile(r"(?<![\w.])(?:U?INT(?:32|64)_C\()?(0x[0-9A-F]+|\d+)(?=u?\b)")
_NEGATION = re.compile(r"(?<![\w)])[!~](?=[\w(])")
_STEP = re.compile(r"\+\+|--")
_CONDITION = re.compile(r"\b(?:if|while) \((.*)\) \{$")
_RETURN = re.compile(r"\breturn (?!LEDCAL_OK)(.+);$")
_ENTRY = re.compile(r"- (.+)\n\+ (.+)\n= (.+)")
_STATEMENT = re.compile(r"^\s+(?!return|const|static|\}|#|case)[^/]*[^=!<>]=?[^=]*;$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One changed line.

    Attributes:
        number: Line, from 1.
        original, changed: The line before and after, without indentation.
        source: The whole changed source.
    """

    number: int
    original: str
    changed: str
    source: str

    def __str__(self) -> str:
        """The change, to be read by a person."""
        return f"line {self.number}: {self.original}  ->  {self.changed}"


def mutants(source: str) -> Iterator[Mutant]:
    """Yield every mutant of a C source; comments and declarations of names stay as they are."""
    lines = source.splitlines()
    in_comment = False
    for at, line in enumerate(lines):
        code, in_comment = _code(line, in_comment)
        if not code.strip() or code.lstrip().startswith(("#include", "#if", "#endif")):
            continue
        seen = {line}
        for changed in _changes(code):
            changed_line = changed + line[len(code) :]
            if changed_line not in seen:
                seen.add(changed_line)
                text = "\n".join([*lines[:at], changed_line, *lines[at + 1 :]]) + "\n"
                yield Mutant(
                    number=at + 1, original=code.strip(), changed=changed.strip(), source=text
                )


def equivalent_mutants(name: str) -> dict[tuple[str, str], str]:
    """Read (line, changed line) -> why nobody can see the difference, of one source.

    Raises:
        AssertionError: The list does not have its form: a head "# <source>", and blocks of the
            line, the changed line and the reason.
    """
    text = (HERE / "equivalent_mutants.txt").read_text(encoding="utf-8")
    source, listed = "", dict[tuple[str, str], str]()
    for block in text.strip().split("\n\n")[1:]:  # the first says what the list is
        if block.startswith("# "):
            source = block.removeprefix("# ")
            continue
        entry = _ENTRY.fullmatch(block)
        assert entry is not None, f"equivalent_mutants.txt: not an entry: {block}"
        if source == name:
            assert (entry[1], entry[2]) not in listed, f"equivalent_mutants.txt: twice: {block}"
            listed[entry[1], entry[2]] = entry[3]
    return listed


def _code(line: str, in_comment: bool) -> tuple[str, bool]:
    """Return what is before a comment, and whether the next line begins inside one."""
    if in_comment:
        return "", "*/" not in line
    code, begins, rest = line.partition("/*")
    return code.rstrip(), bool(begins) and "*/" not in rest


def _changes(code: str) -> Iterator[str]:
    for match in _BINARY.finditer(code):
        for other in _SWAPS[match[1]]:
            yield code[: match.start()] + other + code[match.end() :]
    for match in _NUMBER.finditer(code):
        number = int(match[1], 0)
        for near in (number + 1, number - 1):
            if near >= 0:
                yield code[: match.start(1)] + str(near) + code[match.end(1) :]
    for match in _NEGATION.finditer(code):
        yield code[: match.start()] + code[match.end() :]
    for match in _STEP.finditer(code):
        yield code[: match.start()] + ("--" if match[0] == "++" else "++") + code[match.end() :]
    for match in _CONDITION.finditer(code):
        for other in ("0", "1"):
            yield code[: match.start(1)] + other + code[match.end(1) :]
    for match in _RETURN.finditer(code):
        for other in ("0", "1", "LEDCAL_ARG"):
            yield code[: match.start(1)] + other + code[match.end(1) :]
    if _STATEMENT.match(code) and "(" not in code.split("=")[0]:
        yield code[: len(code) - len(code.lstrip())] + ";"
