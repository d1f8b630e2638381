"""The portmapper, which tells clients that cannot name a port where VXI-11 is (RFC 1833, 3).

It listens on port 111, which needs root: only for clients like `lxi` and python-vxi11.
"""

import asyncio
import struct
from collections.abc import Mapping

from ledcal.instruments.virtual.onc_rpc import (
    NoSuchProcedure,
    Program,
    Xdr,
    answered,
    serve_stream,
)
from ledcal.instruments.virtual.transports import LOOPBACK
from ledcal.instruments.virtual.vxi11 import DEVICE_CORE, VERSION

PORTMAPPER, PORTMAPPER_VERSION, PORT = 100_000, 2, 111
GET_PORT = 3
TCP = 6


async def portmapper_for(vxi11_port: int) -> asyncio.Server:
    """Serve the portmapper of a host whose VXI-11 core channel is at a port.

    Raises:
        SystemExit: port 111 is in use, or not for this user.
    """
    try:
        return await Portmapper({(DEVICE_CORE, VERSION): vxi11_port}).start()
    except OSError as error:
        raise SystemExit(
            f"--portmapper: port {PORT}: {error.strerror}; run as root, with no other portmapper"
        ) from None


class Portmapper:
    """Answers which TCP port serves a program."""

    def __init__(self, ports: Mapping[tuple[int, int], int]) -> None:
        """Know the ports by program number and version."""
        self._ports = ports
        self._program = Program(PORTMAPPER, PORTMAPPER_VERSION, self._serve)

    async def start(self, port: int = PORT) -> asyncio.Server:
        """Listen on TCP and, until that is closed, on UDP.

        Raises:
            OSError: the port is in use, or not for this user.
        """
        server = await asyncio.start_server(
            lambda reader, writer: serve_stream([self._program], reader, writer), LOOPBACK, port
        )
        bound = server.sockets[0].getsockname()
        try:
            await asyncio.get_running_loop().create_datagram_endpoint(
                lambda: _Datagrams(self._program), local_addr=bound
            )
        except OSError:
            server.close()
            raise
        return server

    async def _serve(self, procedure: int, arguments: Xdr) -> bytes:
        if procedure != GET_PORT:
            raise NoSuchProcedure
        program, version, protocol = (arguments.word() for _ in range(3))
        port = self._ports.get((program, version), 0) if protocol == TCP else 0
        return struct.pack(">I", port)


class _Datagrams(asyncio.DatagramProtocol):
    """Calls without record marks, one in a datagram."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._answering: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.DatagramTransport)
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        task = asyncio.create_task(self._answer(data, addr))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def _answer(self, record: bytes, addr: tuple[str, int]) -> None:
        try:
            reply = await answered(record, [self._program])
        except (ValueError, struct.error):
            return  # no call: whoever sent it waits for nothing
        self._transport.sendto(reply, addr)
