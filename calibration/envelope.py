"""The DSSE envelope (Dead Simple Signing Envelope 1.0): a payload with the signatures over it.

What is signed binds the payload's type to its bytes, so that a signature cannot be moved to
another payload or be read as one for another purpose. Verifying needs no canonical form.
"""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ledcal.calibration.errors import RecordError


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvelopeSignature:
    """One signature of an envelope: id of the key in hex digits, and 64 bytes."""

    key_id: str
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A payload with its type and signatures.

    Attributes:
        payload_type: What kind of payload it is.
        payload: Its bytes.
        signatures: At least one.
    """

    payload_type: str
    payload: bytes
    signatures: tuple[EnvelopeSignature, ...]

    @property
    def message(self) -> bytes:
        """The bytes that the signatures are over."""
        return signed_message(self.payload_type, self.payload)

    def facts(self) -> dict[str, Any]:
        """Return the envelope as DSSE's JSON form has it."""
        return {
            "payloadType": self.payload_type,
            "payload": base64.b64encode(self.payload).decode(),
            "signatures": [
                {"keyid": one.key_id, "sig": base64.b64encode(one.signature).decode()}
                for one in self.signatures
            ],
        }

    def holds(
        self, key_id: str, public: bytes, check: Callable[[bytes, bytes, bytes], bool]
    ) -> bool:
        """Tell whether it bears a signature by this key that holds.

        Args:
            key_id: Id of the key.
            public: The key, 32 raw bytes.
            check: Takes public key, signature and message.
        """
        message = self.message
        return any(
            check(public, one.signature, message)
            for one in self.signatures
            if one.key_id == key_id
        )


def signed_message(payload_type: str, payload: bytes) -> bytes:
    """Return the pre-authentication encoding (DSSE protocol, version 1)."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def seal(
    payload_type: str, payload: bytes, signers: Sequence[tuple[str, Callable[[bytes], bytes]]]
) -> Envelope:
    """Return the payload in an envelope.

    Args:
        payload_type: What kind of payload it is.
        payload: Its bytes.
        signers: For each signature the id of the key, and what signs a message.
    """
    message = signed_message(payload_type, payload)
    signatures = tuple(
        EnvelopeSignature(key_id=key_id, signature=sign(message)) for key_id, sign in signers
    )
    return Envelope(payload_type=payload_type, payload=payload, signatures=signatures)


def read_envelope(content: bytes) -> Envelope:
    """Return an envelope from its JSON form; nothing is believed yet.

    Raises:
        RecordError: It is no DSSE envelope with a signature.
    """
    try:
        said = json.loads(content)
        signatures = tuple(
            EnvelopeSignature(key_id=_text(one["keyid"]), signature=_octets(one["sig"]))
            for one in said["signatures"]
        )
        kind, payload = _text(said["payloadType"]), _octets(said["payload"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise RecordError(f"is no DSSE envelope: {error!r}") from error
    if not signatures:
        raise RecordError("is no DSSE envelope: it bears no signature")
    return Envelope(payload_type=kind, payload=payload, signatures=signatures)


def _octets(text: Any) -> bytes:
    try:
        return base64.b64decode(_text(text), validate=True)
    except binascii.Error as error:
        raise ValueError(f"{text!r} is no base64") from error


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value
