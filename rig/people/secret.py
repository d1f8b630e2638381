"""Badge and PIN: what they must be, and the argon2id hashes that are kept of them (RFC 9106)."""

import re
import secrets
from base64 import b64decode
from dataclasses import dataclass
from itertools import pairwise

from argon2 import extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type, hash_secret, verify_secret

from ledcal.rig.errors import RefusedInput

SHORTEST_PIN, LONGEST_PIN = 6, 12
_BADGE = re.compile(r"[!-~]{4,64}")
_SALT_BYTES, _HASH_BYTES = 16, 32
_PERIODS = (1, 2, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one hash costs whoever makes it.

    Attributes:
        passes: Over the memory.
        memory_kib: Memory that is filled.
    """

    passes: int
    memory_kib: int


PIN_COST = Cost(passes=3, memory_kib=65_536)
"""Passes and memory of RFC 9106's second recommended option; one lane, for small computers."""
BADGE_COST = Cost(passes=2, memory_kib=19_456)


def require_badge(badge: str) -> None:
    """Refuse what no badge says; the text is not quoted, as it may be a PIN.

    Raises:
        RefusedInput: It is not 4 to 64 visible ASCII characters.
    """
    if not _BADGE.fullmatch(badge):
        raise RefusedInput(
            "BADGE", "a badge says 4 to 64 letters, digits or signs without spaces; scan it again"
        )


def require_pin(pin: str, badge: str) -> None:
    """Refuse a new PIN that is too short, or among the first that anybody tries.

    Args:
        pin: The new PIN; it is never quoted.
        badge: Whose it is to be.

    Raises:
        RefusedInput: Says what a PIN must be.
    """
    if not re.fullmatch(rf"[0-9]{{{SHORTEST_PIN},{LONGEST_PIN}}}", pin):
        raise RefusedInput("PIN", f"a PIN has {SHORTEST_PIN} to {LONGEST_PIN} digits; choose one")
    steps = {(int(later) - int(digit)) % 10 for digit, later in pairwise(pin)}
    repeats = any(pin == (pin[:n] * len(pin))[: len(pin)] for n in _PERIODS)
    if steps in ({1}, {9}) or repeats or pin in badge or badge in pin:
        raise RefusedInput(
            "PIN",
            "this PIN is among the first that anybody tries (one that runs, repeats itself, or "
            "stands on the badge); choose another",
        )


def pin_hash(pin: str) -> str:
    """Return the hash of a PIN, with a salt of its own."""
    return _hashed(pin, secrets.token_bytes(_SALT_BYTES), PIN_COST)


def badge_hash(badge: str, like: str | None) -> str:
    """Return the hash of a badge: the same one each time in a store, so that it can be looked up.

    Args:
        badge: What it says.
        like: Hash of any badge of the same store, whose salt and cost are used; None for the
            first.
    """
    if like is None:
        return _hashed(badge, secrets.token_bytes(_SALT_BYTES), BADGE_COST)
    # At the cost of then, whatever today's is: another one would be another hash.
    said = extract_parameters(like)
    return _hashed(badge, _salt(like), Cost(passes=said.time_cost, memory_kib=said.memory_cost))


def pin_holds(pin: str, kept: str | None) -> bool:
    """Tell whether a PIN is the one of a hash; without a hash it takes as long and is False."""
    try:
        verify_secret((kept or _nobody()).encode(), _bytes(pin), Type.ID)
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


def _hashed(text: str, salt: bytes, cost: Cost) -> str:
    made = hash_secret(_bytes(text), salt, cost.passes, cost.memory_kib, 1, _HASH_BYTES, Type.ID)
    return made.decode()


def _nobody() -> str:
    """Return a hash that no PIN has, at the cost of one that somebody has."""
    # Written, not computed: a second computation would tell an unknown badge by its time.
    salt, digest = "A" * 22, "A" * 43
    return f"$argon2id$v=19$m={PIN_COST.memory_kib},t={PIN_COST.passes},p=1${salt}${digest}"


def _salt(kept: str) -> bytes:
    # "$argon2id$v=19$m=,t=,p=$salt$hash", in base64 without padding.
    text = kept.split("$")[4]
    return b64decode(text + "=" * (-len(text) % 4))


def _bytes(text: str) -> bytes:
    # What was typed need not be UTF-8; it is then just wrong.
    return text.encode("utf-8", "surrogatepass")
