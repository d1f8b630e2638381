"""The example's signature hook refuses what RFC 8032 refuses, on every library at hand."""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha512
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.loader.published_signatures import Signature, hold_against
from tests.loader.toolchain import FIRMWARE, HERE, monocypher, run

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
ORDER = 2**252 + 27742317777372353535851937790883648493  # of the group, RFC 8032, section 5.1
PRIME = 2**255 - 19


def secret_scalar() -> int:
    """The secret scalar of RFC 8032, section 5.1.5."""
    digest = bytearray(sha512(bytes(range(32))).digest()[:32])
    digest[0] &= 0xF8
    digest[31] = digest[31] & 0x7F | 0x40
    return int.from_bytes(digest, "little")


def with_neutral_r(encoded_r: bytes, message: bytes) -> bytes:
    """A signature whose R is the neutral point, however it is encoded: R = S B - h A holds."""
    h = int.from_bytes(sha512(encoded_r + PUBLIC + message).digest(), "little")
    return encoded_r + (h * secret_scalar() % ORDER).to_bytes(32, "little")


@pytest.fixture(params=["libsodium", "Monocypher"])
def program(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    library: str = request.param
    path = tmp_path / library
    if library == "libsodium":
        if not Path("/usr/include/sodium.h").exists():
            pytest.skip("libsodium-dev is not installed")
        options: list[str | Path] = ["-DLEDCAL_LIBSODIUM"]
        libraries = ["-lsodium"]
    else:
        folder = monocypher()
        if folder is None:
            pytest.skip("Monocypher is not there: see tox.ini, [testenv:loader]")
        options = ["-DLEDCAL_MONOCYPHER", "-I", HERE / "monocypher", "-I", folder]
        options += [HERE / "monocypher" / "monocypher-ed25519.c", folder / "monocypher.c"]
        libraries = []
    sources = [HERE / "ed25519_host.c", FIRMWARE / "examples" / "ed25519.c"]
    run("gcc", "-std=c99", "-Os", "-I", FIRMWARE, *sources, *options, "-o", path, *libraries)
    return path


def judged(program: Path, cases: Iterable[tuple[bytes, bytes, bytes]]) -> list[bool]:
    """What the library says of each signature, public key and message."""
    asked = "".join(f"{s.hex()} {k.hex()} .{m.hex()}\n" for s, k, m in cases)
    return [line == "1" for line in run(program, stdin=asked).split()]


def test_the_hook_judges_as_published(program: Path, proves: Callable[[str, int], None]) -> None:
    def judge(cases: Sequence[Signature]) -> list[bool]:
        return judged(program, ((c.signature, c.public_key, c.message) for c in cases))

    hold_against(judge, proves, program.name)


def test_the_hook_is_strict(program: Path, proves: Callable[[str, int], None]) -> None:
    cases: list[tuple[bytes, bytes, bytes, int]] = []
    for size in range(180, 310):  # around the ends of SHA-512's blocks
        message = bytes(n % 251 for n in range(size))
        cases.append((KEY.sign(message), PUBLIC, message, 1))
    signature, message = KEY.sign(bytes(248)), bytes(248)
    for bit in range(512):
        flipped = bytearray(signature)
        flipped[bit // 8] ^= 1 << bit % 8
        cases.append((bytes(flipped), PUBLIC, message, 0))
    for bit in range(256):
        key = bytearray(PUBLIC)
        key[bit // 8] ^= 1 << bit % 8
        cases.append((signature, bytes(key), message, 0))
    cases += [(signature, PUBLIC, bytes(n) + b"\1" + bytes(247 - n), 0) for n in range(248)]
    s = int.from_bytes(signature[32:], "little")
    for beyond in range(1, 16):  # S + n L signs the same, but is not below L
        if s + beyond * ORDER < 1 << 256:
            malleable = signature[:32] + (s + beyond * ORDER).to_bytes(32, "little")
            cases.append((malleable, PUBLIC, message, 0))
    for y, sign in [(PRIME + 1, 0), (PRIME + 1, 1), (1, 1)]:  # three more ways to write (0, 1)
        encoded = (y | sign << 255).to_bytes(32, "little")
        cases.append((with_neutral_r(encoded, message), PUBLIC, message, 0))
    assert judged(program, (case[:3] for case in cases)) == [bool(case[3]) for case in cases]
    proves(f"signatures and their damage judged by {program.name}", len(cases))
