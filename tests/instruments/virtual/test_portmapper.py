"""The portmapper, on a free port: calls of RFC 1833 written out."""

import asyncio
import struct

import pytest

from ledcal.instruments.virtual.onc_rpc import LAST_FRAGMENT
from ledcal.instruments.virtual.portmapper import Portmapper, portmapper_for

CORE, TCP, UDP = 0x0607AF, 6, 17


def call(procedure: int, *words: int, program: int = 100_000, version: int = 2) -> bytes:
    header = struct.pack(">10I", 7, 0, 2, program, version, procedure, 0, 0, 0, 0)
    return header + struct.pack(f">{len(words)}I", *words)


def result(reply: bytes) -> tuple[int, ...]:
    """Return accept state and result of a reply to `call`."""
    assert struct.unpack_from(">5I", reply) == (7, 1, 0, 0, 0)
    return struct.unpack_from(f">{(len(reply) - 20) // 4}I", reply, 20)


async def asked(*calls: bytes) -> list[bytes]:
    """Return the replies of a portmapper on a free port."""
    server = await Portmapper({(CORE, 1): 40_001}).start(port=0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    replies = []
    for one in calls:
        writer.write(struct.pack(">I", LAST_FRAGMENT | len(one)) + one)
        (mark,) = struct.unpack(">I", await reader.readexactly(4))
        replies.append(await reader.readexactly(mark & ~LAST_FRAGMENT))
    writer.close()
    await writer.wait_closed()
    server.close()
    await server.wait_closed()
    return replies


def test_it_tells_the_port_of_vxi11() -> None:
    replies = asyncio.run(
        asked(
            call(0),
            call(3, CORE, 1, TCP, 0),
            call(3, CORE, 1, UDP, 0),
            call(3, CORE, 9, TCP, 0),
            call(4),
            call(3, CORE, 1, TCP, 0, version=3),
            call(3, CORE, 1, TCP, 0, program=5),
        )
    )
    assert [result(each) for each in replies] == [
        *((0,), (0, 40_001), (0, 0), (0, 0), (3,), (2, 2, 2), (1,)),
    ]


def test_a_port_that_is_taken_is_told_in_words() -> None:
    async def twice() -> None:
        server = await Portmapper({}).start(port=0)
        _, port = server.sockets[0].getsockname()
        try:
            await portmapper_for(40_001, port)
        finally:
            server.close()

    with pytest.raises(SystemExit, match=r"port \d+: .*in use; run as root"):
        asyncio.run(twice())
