"""Conditions of the panel's firmware."""

import hashlib

from ledcal.instruments.virtual.bench import Bench
from ledcal.instruments.virtual.conditions import (
    Condition,
    attribute,
    count,
    event,
    one_of,
    positive,
    word,
)


def firmware_conditions(bench: Bench) -> dict[str, Condition]:
    """Return what can be otherwise in the panel's firmware and its memory."""
    firmware = bench.firmware
    loading = firmware.loading
    return {
        "reboot": event(firmware.boot),
        "power_loss_at_byte": attribute(firmware, "power_loss_at_byte", count),
        "unwritten": attribute(firmware, "unwritten", one_of("erased", "zeroed", "old")),
        "head": Condition(_uid, lambda uid: setattr(firmware, "uid", uid)),
        "head_after_load": Condition(_uid, lambda uid: setattr(loading, "head_after_load", uid)),
        "refused_loads": attribute(loading, "refused_loads", count),
        "damaged_read_backs": attribute(loading, "damaged_read_backs", count),
        "commit_s": attribute(loading, "commit_s", positive),
        "file_check": attribute(
            loading, "file_check", one_of("whole", "no checksum", "no refusal")
        ),
    }


def _uid(name: object) -> bytes:
    """Return the unique id of another head, made from any name for it."""
    return hashlib.sha256(word(name).encode("ascii")).digest()[:16]
