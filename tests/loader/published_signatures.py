"""Wycheproof's Ed25519 signatures, and how an implementation judges them."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from tests.loader.toolchain import HERE

PUBLISHED: Final = HERE / "wycheproof" / "ed25519_test.json"
SHA256: Final = "ea80ffebac085e21cb9d3e903e7fa2b448d96702da5b31f061d0b83b430b74b3"
SIGNATURE_LENGTH: Final = 64

Judge = Callable[[Sequence["Signature"]], list[bool]]
"""Tells of each signature whether it is valid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One published signature.

    Attributes:
        number: Wycheproof's number of it.
        public_key, message, signature: What is judged.
        result: "valid", "invalid", or "acceptable" where RFC 8032 leaves it open.
    """

    number: int
    public_key: bytes
    message: bytes
    signature: bytes
    result: str


def published_signatures() -> list[Signature]:
    """Read every signature of the file.

    Raises:
        AssertionError: The file is not the published one.
    """
    content = PUBLISHED.read_bytes()
    assert sha256(content).hexdigest() == SHA256, f"{PUBLISHED}: not the published file"
    return [
        Signature(
            number=case["tcId"],
            public_key=bytes.fromhex(group["publicKey"]["pk"]),
            message=bytes.fromhex(case["msg"]),
            signature=bytes.fromhex(case["sig"]),
            result=case["result"],
        )
        for group in json.loads(content)["testGroups"]
        for case in group["tests"]
    ]


def hold_against(
    judge: Judge, proves: Callable[[str, int], None], who: str, *, any_length: bool = False
) -> None:
    """Demand that every valid signature is accepted and every invalid one refused.

    The loader's hook takes 64 bytes. A signature of another length never comes so far: the loader
    refuses a file whose length is not the one that it states. `any_length` asks for them too.
    """
    every = published_signatures()
    asked = [case for case in every if any_length or len(case.signature) == SIGNATURE_LENGTH]
    judged = [(case, accepted) for case, accepted in zip(asked, judge(asked), strict=True)]
    wrong = [
        f"{case.number}: {case.result}"
        for case, accepted in judged
        if (case.result, accepted) in {("valid", False), ("invalid", True)}
    ]
    assert not wrong, f"{who} judges otherwise: {wrong}"
    left_open = [accepted for case, accepted in judged if case.result == "acceptable"]
    proves(f"Wycheproof's Ed25519: {who}", len(judged) - len(left_open))
    proves(f"of {len(left_open)} left open accepted: {who}", sum(left_open))
