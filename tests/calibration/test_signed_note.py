"""Signed notes against the example of their first implementation, and checkpoints."""

import base64

import pytest

from ledcal.calibration.errors import RecordError
from ledcal.calibration.merkle import EMPTY_ROOT
from ledcal.calibration.signed_note import (
    Checkpoint,
    note_holds,
    read_checkpoint,
    read_note,
    sign_note,
    verifier_key,
)
from ledcal.rig.keys import signature_holds

# The example in the documentation of golang.org/x/mod/sumdb/note.
VERIFIER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NAME = "PeterNeumann"
PUBLIC = base64.b64decode(VERIFIER.rpartition("+")[2])[1:]
TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
NOTE = (
    f"{TEXT}\n\N{EM DASH} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2p"
    "ZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def test_the_published_note_holds() -> None:
    assert verifier_key(NAME, PUBLIC) == VERIFIER
    assert note_holds(NOTE, NAME, PUBLIC, signature_holds)
    assert read_note(NOTE)[0] == TEXT


@pytest.mark.parametrize("changed", ["If you thank", "If  you think"])
def test_a_changed_text_does_not(changed: str) -> None:
    assert not note_holds(NOTE.replace("If you think", changed), NAME, PUBLIC, signature_holds)


def test_nor_does_another_name_or_key() -> None:
    assert not note_holds(NOTE, "Peter", PUBLIC, signature_holds)
    assert not note_holds(NOTE, NAME, bytes(32), signature_holds)


def test_a_note_comes_back_as_it_was_signed() -> None:
    note = sign_note(TEXT, NAME, PUBLIC, lambda message: bytes(64))
    text, (signature,) = read_note(note)
    assert (text, signature.name, signature.signature) == (TEXT, NAME, bytes(64))
    assert signature.key_hash.hex() == "c74f20a3"


@pytest.mark.parametrize(
    ("note", "words"),
    [
        ("", "no signature below"),
        ("text\n", "no signature below"),
        (NOTE[:-1], "no signature below"),
        (NOTE.replace("Peter", "Pe\x1bter"), "no signature below"),
        (NOTE.replace("\N{EM DASH}", "-"), "is no signature"),
        (NOTE.replace("x08go", "x08g*"), "is no signature"),
        (NOTE.replace("x08go/ZJ", ""), "is no Ed25519 signature"),
    ],
)
def test_what_is_no_note_is_refused(note: str, words: str) -> None:
    with pytest.raises(RecordError, match=words):
        read_note(note)


@pytest.mark.parametrize(("text", "name"), [("no newline", "a"), ("a\n", "a b"), ("a\n", "a+b")])
def test_what_cannot_be_a_note_is_not_signed(text: str, name: str) -> None:
    with pytest.raises(RecordError):
        sign_note(text, name, PUBLIC, lambda message: bytes(64))


def test_a_checkpoint_comes_back() -> None:
    checkpoint = Checkpoint(origin="bench 3, hall 2", size=0, root=EMPTY_ROOT)
    assert checkpoint.text().split("\n")[:2] == ["bench 3, hall 2", "0"]
    assert read_checkpoint(checkpoint.text()) == checkpoint


@pytest.mark.parametrize(
    "text", ["", "a\n", "a\n1\n", "a\n01\nAAAA\n", "a\n-1\nAAAA\n", "\n1\n\n"]
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(RecordError, match="is no checkpoint"):
        read_checkpoint(text)
