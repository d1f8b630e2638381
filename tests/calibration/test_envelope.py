"""The DSSE envelope against the protocol's own example, and what it refuses."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from ledcal.calibration.envelope import read_envelope, seal, signed_message
from ledcal.calibration.errors import RecordError
from ledcal.rig.keys import signature_holds

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = PRIVATE.public_key().public_bytes_raw()
KEY_ID = "0123456789abcdef"


def test_the_message_is_the_published_one() -> None:
    """The example of the DSSE protocol page."""
    message = signed_message("http://example.com/HelloWorld", b"hello world")
    assert message == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"


@given(st.text(), st.binary())
def test_an_envelope_comes_back_and_holds(kind: str, payload: bytes) -> None:
    try:
        kind.encode()
    except UnicodeEncodeError:
        return
    made = seal(kind, payload, [(KEY_ID, PRIVATE.sign)])
    read = read_envelope(json.dumps(made.facts()).encode())
    assert read == made
    assert read.holds(KEY_ID, PUBLIC, signature_holds)


def test_neither_type_nor_payload_nor_key_can_be_exchanged() -> None:
    facts = seal("a/b", b"payload", [(KEY_ID, PRIVATE.sign)]).facts()
    for changed in (
        {"payloadType": "a/c"},
        {"payload": "cGF5bG9hZA=="[:-4] + "AA=="},
        {"signatures": [facts["signatures"][0] | {"sig": "AA=="}]},
    ):
        envelope = read_envelope(json.dumps(facts | changed).encode())
        assert not envelope.holds(KEY_ID, PUBLIC, signature_holds)
    envelope = read_envelope(json.dumps(facts).encode())
    assert not envelope.holds("another", PUBLIC, signature_holds)
    assert not envelope.holds(KEY_ID, bytes(32), signature_holds)


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"[]", b"null", b"{}", b"\xff", b"[" * 100_000),
        b'{"payloadType":"a","payload":"","signatures":[]}',
        b'{"payloadType":1,"payload":"","signatures":[{"keyid":"a","sig":""}]}',
        b'{"payloadType":"a","payload":"*","signatures":[{"keyid":"a","sig":""}]}',
        b'{"payloadType":"a","payload":"","signatures":{"keyid":"a"}}',
    ],
)
def test_what_is_no_envelope_is_refused(content: bytes) -> None:
    with pytest.raises(RecordError, match="is no DSSE envelope"):
        read_envelope(content)
