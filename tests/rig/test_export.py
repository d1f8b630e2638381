import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledcal.calibration.codec import encode, key_id
from ledcal.calibration.firmware import LoaderError, open_file
from ledcal.rig.errors import RefusedInput
from ledcal.rig.export import c_array, exported, intel_hex
from ledcal.rig.keys import SigningKey, engineering_key
from tests.rig.conftest import board, panel_content, panel_identity

SLOT = 0x0801_FF80
"""64 KiB end within the file: it has two lines with an upper address."""


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    return engineering_key(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def file(signer: SigningKey) -> bytes:
    return encode(panel_content(panel_identity()), key_id=signer.key_id, sign=signer.sign)


def burnt(lines: list[str]) -> dict[int, int]:
    """Memory as a careless programmer leaves it: no checksum, no count, no end is checked."""
    memory: dict[int, int] = {}
    upper = 0
    for line in lines:
        octets = bytes.fromhex(line[1:])
        at, kind, content = int.from_bytes(octets[1:3], "big"), octets[3], octets[4:-1]
        if kind == 4:
            upper = int.from_bytes(content, "big") << 16
        elif kind == 0:
            memory.update({upper + at + n: octet for n, octet in enumerate(content)})
    return memory


def slot(memory: dict[int, int], size: int) -> bytes:
    return bytes(memory.get(SLOT + at, 0xFF) for at in range(size))


def loads(content: bytes, signer: SigningKey) -> bool:
    expectation = board(panel_identity(), signer.public)
    try:
        open_file(content, expectation)
    except LoaderError:
        return False
    return True


def test_a_whole_hex_file_burns_the_file(file: bytes, signer: SigningKey) -> None:
    lines = intel_hex(file, SLOT).splitlines()
    assert all(sum(bytes.fromhex(line[1:])) % 256 == 0 for line in lines)
    assert lines[-1] == ":00000001FF"
    assert len([line for line in lines if line[7:9] == "04"]) == 2
    memory = burnt(lines)
    assert len(memory) == len(file)
    assert slot(memory, len(file)) == file
    assert loads(slot(memory, len(file)), signer)


def test_the_loader_catches_every_dropped_line(file: bytes, signer: SigningKey) -> None:
    lines = intel_hex(file, SLOT).splitlines()
    for dropped in range(len(lines) - 1):
        content = slot(burnt(lines[:dropped] + lines[dropped + 1 :]), len(file))
        assert content != file
        assert not loads(content, signer), lines[dropped]


def test_the_loader_catches_every_repeated_or_exchanged_line(
    file: bytes, signer: SigningKey
) -> None:
    lines = intel_hex(file, SLOT).splitlines()
    for n in range(len(lines) - 2):
        for changed in (
            [*lines[:n], lines[n], *lines[n:]],
            [*lines[:n], lines[n + 1], lines[n], *lines[n + 2 :]],
        ):
            content = slot(burnt(changed), len(file))
            assert loads(content, signer) == (content == file)


def test_the_loader_catches_every_damaged_digit(file: bytes, signer: SigningKey) -> None:
    lines = intel_hex(file, SLOT).splitlines()
    refused = 0
    for n, line in enumerate(lines[:-1]):
        for at in range(1, len(line)):
            digit = "0" if line[at] == "F" else f"{int(line[at], 16) + 1:X}"
            damaged = f"{line[:at]}{digit}{line[at + 1 :]}"
            content = slot(burnt([*lines[:n], damaged, *lines[n + 1 :]]), len(file))
            # A count or a checksum that nobody reads leaves the file whole.
            assert loads(content, signer) == (content == file), (line, at)
            refused += content != file
    assert refused > 2 * len(file)


@given(content=st.binary(max_size=200), address=st.integers(0, (1 << 32) - 200))
@settings(deadline=None)
def test_every_content_at_every_address_comes_back(content: bytes, address: int) -> None:
    memory = burnt(intel_hex(content, address).splitlines())
    assert memory == {address + n: octet for n, octet in enumerate(content)}


@pytest.mark.skipif(shutil.which("objcopy") is None, reason="needs binutils")
def test_binutils_reads_the_hex_file(file: bytes, tmp_path: Path) -> None:
    (tmp_path / "file.hex").write_text(intel_hex(file, SLOT))
    subprocess.run(
        ["objcopy", "-I", "ihex", "-O", "binary", "file.hex", "file.bin"],
        cwd=tmp_path,
        check=True,
    )
    assert (tmp_path / "file.bin").read_bytes() == file


def test_the_c_array_holds_every_byte_and_names_the_panel(file: bytes) -> None:
    text = c_array(file, "20260301T120000000Z-TEST-0001")
    body = text[text.index("{") :]
    assert bytes(int(octet, 16) for octet in re.findall(r"0x(..),", body)) == file
    comment = text[: text.index("*/")]
    assert "panel TEST-0001" in comment
    assert "run 20260301T120000000Z-TEST-0001" in comment
    assert "SIMULATED BENCH: production firmware refuses it" in comment


@pytest.mark.parametrize("hostile", ["*/int x;/*", "??/\\", "a\nb", "\\\n", "\u202e", "//\\"])
def test_nothing_in_a_file_leaves_the_comment(hostile: str, file: bytes) -> None:
    text = c_array(file, hostile)
    assert text.count("*/") == 1
    head = text[: text.index("*/")]
    assert head.isascii()
    assert "\\" not in head
    assert "?" not in head
    assert len(head.split("\n")) == len(c_array(file, "run").split("*/")[0].split("\n"))


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
def test_the_c_array_compiles_to_the_file(signer: SigningKey, tmp_path: Path) -> None:
    calibration = replace(panel_content(panel_identity()), serial="*/#error ??/")
    file = encode(calibration, key_id=key_id(signer.public), sign=signer.sign)
    (tmp_path / "file.c").write_text(c_array(file, "*/ int"))
    (tmp_path / "main.c").write_text(
        "#include <stdint.h>\n#include <stdio.h>\n"
        "extern const uint32_t ledcal_file_size;\nextern const uint8_t ledcal_file[];\n"
        "int main(void) { return fwrite(ledcal_file, 1, ledcal_file_size, stdout) == 0; }\n"
    )
    strict = ["-std=c99", "-trigraphs", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
    subprocess.run(["gcc", *strict, "file.c", "main.c", "-o", "main"], cwd=tmp_path, check=True)
    done = subprocess.run([tmp_path / "main"], capture_output=True, check=True)
    assert done.stdout == file


@pytest.mark.parametrize(
    ("kind", "address", "words"),
    [
        ("elf", None, "is one of raw, hex, c"),
        ("hex", None, "which needs it"),
        ("raw", "0x0", "is for --as hex"),
        ("c", "0x0", "is for --as hex"),
        ("hex", "slot 1", "is no number"),
        ("hex", "", "is no number"),
        ("hex", "-1", "leave the 32-bit addresses"),
        ("hex", "0xFFFFFFF0", "leave the 32-bit addresses"),
    ],
)
def test_what_cannot_be_exported_is_refused(
    file: bytes, kind: str, address: str | None, words: str
) -> None:
    with pytest.raises(RefusedInput) as caught:
        exported(kind, file, address, "run")
    assert words in str(caught.value)


def test_raw_is_the_file(file: bytes) -> None:
    assert exported("raw", file, None, "run") == file
    last = (1 << 32) - len(file)
    assert exported("hex", file, hex(last), "run") == intel_hex(file, last).encode()
