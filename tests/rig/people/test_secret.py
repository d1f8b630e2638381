"""Badges and PINs: which are refused, and what is kept of them."""

import pytest
from argon2 import extract_parameters
from argon2.low_level import Type, hash_secret, verify_secret
from hypothesis import given, settings
from hypothesis import strategies as st

from ledcal.rig.errors import RefusedInput
from ledcal.rig.people import secret
from ledcal.rig.people.secret import (
    Cost,
    badge_hash,
    pin_hash,
    pin_holds,
    require_badge,
    require_pin,
)


@pytest.mark.parametrize(
    "pin",
    [
        *("", "12345", "1234567890123", "abcdef", "12345a", " 482915", "٤٨٢٩١٥", "482915\n"),
        *("111111", "123456", "654321", "012345", "890123", "321098", "121212", "123123"),
        *("1231231", "0000000", "773300", "7733"),
    ],
)
def test_pins_that_anybody_tries_first_are_refused_unquoted(pin: str) -> None:
    with pytest.raises(RefusedInput) as caught:
        require_pin(pin, "B-773300-1")
    assert len(pin) < 3 or pin not in caught.value.text


@pytest.mark.parametrize("pin", ["482915", "112358", "135790", "123457", "100200300400"])
def test_other_pins_are_taken(pin: str) -> None:
    require_pin(pin, "B-773300-1")


@pytest.mark.parametrize("badge", ["", "abc", "a b c d", "x" * 65, "ébcd", "abcd\n", "\x1b[31m"])
def test_what_is_no_badge(badge: str) -> None:
    with pytest.raises(RefusedInput) as caught:
        require_badge(badge)
    assert "\x1b" not in caught.value.text


def test_a_pin_is_kept_with_a_salt_of_its_own_and_a_badge_with_that_of_its_store() -> None:
    assert pin_hash("482915") != pin_hash("482915")
    first = badge_hash("B-1", None)
    assert badge_hash("B-1", first) == first
    assert badge_hash("B-2", first) != first
    assert badge_hash("B-1", None) != first
    for kept in (first, pin_hash("482915")):
        assert kept.startswith("$argon2id$")
        assert "482915" not in kept


KEPT = hash_secret(b"482915", b"salt" * 4, 1, 8, 1, 32, Type.ID).decode()


@settings(max_examples=30)
@given(st.text(max_size=20) | st.just("482915"))
def test_only_the_pin_itself_holds(tried: str) -> None:
    assert pin_holds(tried, KEPT) == (tried == "482915")
    assert not pin_holds(tried, None)


@pytest.mark.parametrize("kept", ["", "nonsense", "$argon2id$v=19$m=8,t=1,p=1$", "$" * 6])
def test_a_damaged_hash_holds_for_nobody(kept: str) -> None:
    assert not pin_holds("482915", kept)


def test_nobodys_hash_costs_what_a_persons_does(monkeypatch: pytest.MonkeyPatch) -> None:
    # The time to refuse is that of the hash; equal costs are equal times, without a clock.
    asked: list[bytes] = []

    def seen(kept: bytes, tried: bytes, kind: Type) -> bool:
        asked.append(kept)
        return verify_secret(kept, tried, kind)

    monkeypatch.setattr(secret, "verify_secret", seen)
    monkeypatch.setattr(secret, "PIN_COST", Cost(passes=2, memory_kib=16))
    pin_holds("1", pin_hash("482915"))
    pin_holds("1", None)
    of_somebody, of_nobody = (extract_parameters(one.decode()) for one in asked)
    assert of_somebody == of_nobody
    assert (of_nobody.time_cost, of_nobody.memory_cost) == (2, 16)


def test_a_badge_is_found_when_a_later_ledcal_hashes_at_another_cost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = badge_hash("B-1", None)
    monkeypatch.setattr(secret, "BADGE_COST", Cost(passes=2, memory_kib=32))
    assert badge_hash("B-1", kept) == kept
