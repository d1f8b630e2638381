"""The kept files, judged by the binding and by Python."""

from collections.abc import Callable
from typing import Any

from ledcal.calibration import codec
from ledcal.calibration.errors import FileError
from ledcal.calibration.firmware import Expectation, LoaderError, open_file

BY_BOARD = {"UID", "PRODUCT", "EPOCH", "GEOMETRY", "BOARD", "SEQ", "HOURS"}


def expectation(case: dict[str, Any], public_key: str) -> Expectation:
    board = case["board"] | {"uid": bytes.fromhex(case["board"]["uid"])}
    return Expectation(**board, public_keys=(bytes.fromhex(public_key),))


def c_answer(file: Any, channel: int, irradiance: int, temperature: int) -> int | str:
    try:
        answer: int = file.drive(channel, irradiance, temperature)
    except LoaderError as error:
        return error.name
    return answer


def python_answer(
    file: codec.DecodedFile, channel: int, irradiance: int, temperature: int
) -> int | str:
    tables = {table.channel: table for table in file.calibration.channels}
    if channel not in tables:
        return "CHANNEL"
    try:
        return codec.lookup(tables[channel], irradiance, temperature)
    except FileError as error:
        return error.name


def test_the_loader_judges_every_vector_as_the_index_says(
    vectors: dict[str, Any], c_name: Callable[[bytes, Expectation], str]
) -> None:
    for case in vectors["cases"]:
        board = expectation(case, vectors["public_key"])
        assert c_name(case["file"], board) == case["error"], case["name"]
        for *request, answer in case.get("look_up", []):
            assert c_answer(open_file(case["file"], board), *request) == answer, case["name"]


def test_python_judges_every_vector_as_the_index_says(
    vectors: dict[str, Any], python_name: Callable[[bytes, tuple[bytes, ...]], str]
) -> None:
    key = bytes.fromhex(vectors["public_key"])
    for case in vectors["cases"]:
        # what only a board can know is no fault of the file
        marked = case["name"] == "simulated"
        error = "OK" if case["error"] in BY_BOARD or marked else case["error"]
        assert python_name(case["file"], (key,)) == error, case["name"]
        for *request, answer in case.get("look_up", []):
            assert python_answer(codec.decode(case["file"]), *request) == answer, case["name"]


def test_the_vectors_cover_every_error_of_a_file_and_of_a_look_up(
    vectors: dict[str, Any],
) -> None:
    errors = {case["error"] for case in vectors["cases"]}
    errors |= {row[3] for case in vectors["cases"] for row in case.get("look_up", [])}
    names = {name for name in errors if isinstance(name, str)}
    assert len(names) == 23  # OK and all but ARG, which no file can cause
    assert "ARG" not in names
