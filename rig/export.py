"""A calibration file in the forms that programmers and firmware builds take."""

from collections.abc import Iterator

from ledcal.calibration.codec import decode
from ledcal.calibration.panel_calibration import FLAG_ENGINEERING, FLAG_SIMULATED
from ledcal.rig.errors import RefusedInput
from ledcal.rig.folder import sha256_hex

KINDS = ("raw", "hex", "c")
_DATA, _END, _UPPER_ADDRESS = 0, 1, 4
_HEX_BYTES = 16
_C_BYTES = 12
_ADDRESSES = 1 << 32


def exported(kind: str, file: bytes, address: str | None, run: str) -> bytes:
    """Return a calibration file as it is, as Intel HEX or as a C array.

    Args:
        kind: "raw", "hex" or "c".
        file: The file.
        address: Where the slot begins, for "hex" and nothing else: 0x08060000, for example.
        run: Id of the run that the file comes from.

    Raises:
        RefusedInput: The kind is unknown, or the address is missing, needless or out of range.
    """
    if kind not in KINDS:
        raise RefusedInput("KIND", f"--as {kind!r}: is one of {', '.join(KINDS)}")
    if (kind == "hex") != (address is not None):
        raise RefusedInput("ADDRESS", "--address is for --as hex, which needs it: the slot's")
    if address is not None:
        return intel_hex(file, _address(address, len(file))).encode()
    return c_array(file, run).encode() if kind == "c" else file


def intel_hex(content: bytes, address: int) -> str:
    """Return Intel HEX (Intel's specification, revision A, 1988) with 16 bytes a line."""
    lines = []
    upper = 0
    for at, octets in _pieces(content, address):
        if at >> 16 != upper:
            upper = at >> 16
            lines.append(_line(_UPPER_ADDRESS, 0, upper.to_bytes(2, "big")))
        lines.append(_line(_DATA, at & 0xFFFF, octets))
    lines.append(_line(_END, 0, b""))
    return "".join(f"{line}\n" for line in lines)


def c_array(file: bytes, run: str) -> str:
    """Return C source with the file as an array; the comment says whose it is."""
    said = decode(file).calibration
    marks = [
        words
        for flag, words in (
            (FLAG_SIMULATED, "SIMULATED BENCH: production firmware refuses it"),
            (FLAG_ENGINEERING, "ENGINEERING: production firmware refuses it"),
        )
        if said.flags & flag
    ]
    facts = [
        f"Calibration file of panel {said.serial}, head {said.uid.hex()},",
        f"sequence {said.sequence}, run {run}.",
        *marks,
        f"SHA-256 {sha256_hex(file)}.",
        "Signed: whoever changes a byte makes it a file that the loader refuses.",
    ]
    comment = "\n".join(f" * {_in_comment(fact)}" for fact in facts)
    rows = (file[at : at + _C_BYTES] for at in range(0, len(file), _C_BYTES))
    body = "\n".join("    " + " ".join(f"0x{octet:02x}," for octet in row) for row in rows)
    return (
        f"/*\n{comment}\n */\n#include <stdint.h>\n\n"
        f"const uint32_t ledcal_file_size = {len(file)}u;\n"
        f"const uint8_t ledcal_file[{len(file)}] = {{\n{body}\n}};\n"
    )


def _address(text: str, size: int) -> int:
    try:
        address = int(text, 0)
    except ValueError as error:
        raise RefusedInput(
            "ADDRESS", f"--address {text!r}: is no number like 0x08060000"
        ) from error
    if not 0 <= address <= _ADDRESSES - size:
        raise RefusedInput(
            "ADDRESS", f"--address {text!r}: {size} bytes from there leave the 32-bit addresses"
        )
    return address


def _pieces(content: bytes, address: int) -> Iterator[tuple[int, bytes]]:
    """Return address and bytes of each line; no line crosses a boundary of 64 KiB."""
    at = 0
    while at < len(content):
        here = address + at
        size = min(_HEX_BYTES, 0x1_0000 - (here & 0xFFFF))
        yield here, content[at : at + size]
        at += size


def _line(kind: int, offset: int, octets: bytes) -> str:
    record = bytes([len(octets), *offset.to_bytes(2, "big"), kind]) + octets
    return f":{(record + bytes([-sum(record) & 0xFF])).hex().upper()}"


def _in_comment(text: str) -> str:
    """Return the text with everything as a code that could end a comment or a line of C."""
    plain = (c if (c.isascii() and c.isalnum()) or c in " .,:-" else f"<{ord(c):x}>" for c in text)
    return "".join(plain)
