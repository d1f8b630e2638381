"""The portmapper, which tells clients that cannot name a port where VXI-11 is (RFC 1833, 3).

It listens on port 111, which needs root: only for clients like `lxi` and python-vxi11.
"""

import asyncio
import os
import struct
from collections.abc import Mapping

from ledcal.instruments.virtual.onc_rpc import (
    NoSuchProcedure,
    Program,
    Xdr,
    serve_stream,
)
from ledcal.instruments.virtual.transports import LOOPBACK
from ledcal.instruments.virtual.vxi11 import DEVICE_CORE, VERSION

PORTMAPPER, PORTMAPPER_VERSION, PORT = 100_000, 2, 111
GET_PORT = 3
TCP = 6


async def portmapper_for(vxi11_port: int, port: int = PORT) -> asyncio.Server:
    """Serve the portmapper of a host whose VXI-11 channels are at a port.

    Raises:
        SystemExit: the portmapper's own port is in use, or not for this user.
    """
    try:
        return await Portmapper({(DEVICE_CORE, VERSION): vxi11_port}).start(port)
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise SystemExit(
            f"--portmapper: port {port}: {reason}; run as root, with no other portmapper"
        ) from None


class Portmapper:
    """Answers which TCP port serves a program."""

    def __init__(self, ports: Mapping[tuple[int, int], int]) -> None:
        """Know the ports by program number and version."""
        self._ports = ports
        self._program = Program(PORTMAPPER, PORTMAPPER_VERSION, self._serve)

    async def start(self, port: int = PORT) -> asyncio.Server:
        """Listen on TCP, the only protocol that VXI-11 itself has.

        Raises:
            OSError: the port is in use, or not for this user.
        """
        return await asyncio.start_server(
            lambda reader, writer: serve_stream([self._program], reader, writer), LOOPBACK, port
        )

    async def _serve(self, procedure: int, arguments: Xdr) -> bytes:
        if procedure != GET_PORT:
            raise NoSuchProcedure
        program, version, protocol = (arguments.word() for _ in range(3))
        port = self._ports.get((program, version), 0) if protocol == TCP else 0
        return struct.pack(">I", port)
