"""Commands, queries, blocks and the error queue, over a real pty."""

from collections.abc import Callable
from typing import Any

import pytest

from ledcal.instruments.dialogue import Framing
from ledcal.instruments.errors import DeviceError, ReplyError
from ledcal.instruments.link import Bus, Link
from ledcal.instruments.reply import integer

Serve = Callable[..., Any]
Scpi = Callable[..., Any]


@pytest.fixture
def link_to(serve: Serve, scpi: Scpi, bus: Bus) -> Callable[..., Link]:
    def open_link(table: dict[bytes, Any]) -> Link:
        peer = serve("pty", scpi(table))
        return bus.open(peer.resource, instrument="panel", framing=Framing(baud=115200))

    return open_link


def test_setting_drains_the_error_queue(link_to: Callable[..., Link]) -> None:
    queue = [b'-222,"Data out of range"\n', b'-240,"Hardware error; watchdog"\n']
    link = link_to({b"SYST:ERR?": lambda: queue.pop(0) if queue else b'+0,"No error"\n'})
    with pytest.raises(DeviceError, match=r"-222, 'Data out of range'.*after 'SOUR1:DRIV 9'") as e:
        link.write("SOUR1:DRIV 9")
    assert (e.value.code, e.value.text) == (-222, "Data out of range")
    assert e.value.entries[1] == (-240, "Hardware error; watchdog")
    assert queue == []
    link.write("SOUR1:DRIV 1")


def test_error_queue_without_end_is_refused(link_to: Callable[..., Link]) -> None:
    link = link_to({b"SYST:ERR?": b'-350,"Queue overflow"\n'})
    with pytest.raises(ReplyError, match="no end"):
        link.write("X")


@pytest.mark.parametrize("reply", [b"0\n", b"0,No error\n", b',"No error"\n', b"\n"])
def test_malformed_error_entry_is_not_taken_for_success(
    reply: bytes, link_to: Callable[..., Link]
) -> None:
    link = link_to({b"SYST:ERR?": reply})
    with pytest.raises(ReplyError, match="SYST:ERR"):
        link.write("X")


@pytest.mark.parametrize(
    "reply",
    [b"abc\n", b"#0abc\n", b"#x1\n", b"#1xabc\n", b"#13abcd\n", b'"#"\n'],
)
def test_malformed_block_is_refused_and_leaves_nothing(
    reply: bytes, link_to: Callable[..., Link]
) -> None:
    link = link_to({b"BLK?": reply, b"N?": b"1\n"})
    with pytest.raises(ReplyError, match=r"BLK\?"):
        link.query_block("BLK?")
    assert link.query("N?") == "1"


@pytest.mark.parametrize("payload", [b"", b"\n", b"\n\r\n#10\x00", bytes(range(256)) * 9])
def test_block_keeps_every_byte(payload: bytes, link_to: Callable[..., Link]) -> None:
    length = str(len(payload)).encode()
    link = link_to({b"BLK?": b"#%d%s%s\n" % (len(length), length, payload)})
    assert link.query_block("BLK?") == payload
    assert link.query("*IDN?") == link.identity


def test_refused_answer_names_instrument_command_and_bytes(link_to: Callable[..., Link]) -> None:
    link = link_to({b"SYST:BOOT?": b"1.5\n"})
    with pytest.raises(ReplyError, match=r"panel at ASRL.*SYST:BOOT\?: .*'1\.5'"):
        link.query_as(integer, "SYST:BOOT?")


def test_empty_identity_is_refused(link_to: Callable[..., Link]) -> None:
    with pytest.raises(ReplyError, match="empty answer"):
        link_to({b"*IDN?": b"\n"})
