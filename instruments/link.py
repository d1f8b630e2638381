"""The link to one instrument over VISA: the only module that knows pyvisa.

pyvisa-py 0.8.1 is what it was written for; the places where that library needs care quote the
issue. With another VISA library the same code runs without those refinements.
"""

import errno
import functools
import select
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Self

import pyvisa
from pyvisa.constants import InterfaceType, StatusCode
from pyvisa.resources import MessageBasedResource, SerialInstrument

from ledcal.instruments.clock import Clock
from ledcal.instruments.dialogue import Dialogue, Framing
from ledcal.instruments.errors import LinkLost, LinkTimeout
from ledcal.instruments.transcript import Transcript

_OPEN_WAIT_MS = 5000
_QUIET_WAIT_S = 0.1
_DISCARD_COUNT = 65536
_LOCK_WAIT_S, _LOCK_AGAIN_S = 3.0, 0.05
"""A serial line that another program holds is waited for: one that just ends gives it up. [s]"""
_WAITING = ("pyvisa_py.sessions", "pyvisa_py.tcpip", "pyvisa_py.protocols.rpc")
_MESSAGE_AVAILABLE = 0x10  # MAV of the status byte (IEEE 488.2, 11.2.1.2)


class _Socket(socket.socket):
    """A socket that says when its peer is gone.

    pyvisa-py takes "no bytes" of a closed connection for a wait and spins until its timeout, then
    reports slowness; so do its RPC calls, up to five seconds of them to close a dead VXI-11 link.
    """

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        """Return bytes; ConnectionResetError at the end of the connection."""
        octets = super().recv(bufsize, flags)
        if not octets:
            raise ConnectionResetError("the instrument closed the connection")
        return octets


@functools.cache
def _resource_manager(visa_library: str) -> pyvisa.ResourceManager:
    # To close one manager closes the sessions of all (pyvisa issue 742): one, never closed here.
    manager = pyvisa.ResourceManager(visa_library)
    # pyvisa-py 0.8.1 ends its waits by time.time(): with a wall clock that steps back by an hour
    # meanwhile, an answer that does not come would be waited for that long.
    for name in _WAITING:
        if (module := sys.modules.get(name)) is not None:
            vars(module)["time"] = SimpleNamespace(time=time.monotonic, sleep=time.sleep)
    return manager


def lock_line(port: Any) -> None:
    """Take pyserial's port for this program alone.

    Raises:
        OSError: Another program does not let go of it.
    """
    end_s = time.monotonic() + _LOCK_WAIT_S
    while True:
        try:
            port.exclusive = True
            return
        except OSError as error:
            if error.errno != errno.EAGAIN or time.monotonic() > end_s:
                raise
            time.sleep(_LOCK_AGAIN_S)


class Link(Dialogue):
    """A dialogue that VISA carries: serial line, TCP socket, VXI-11 and what else it knows."""

    _resource: MessageBasedResource | None = None
    _visa_library: str = "@py"

    @classmethod
    def to(cls, bus: "Bus", resource_name: str, instrument: str, framing: Framing) -> Self:
        """Return a link that opens with its first exchange."""
        link = cls(instrument, resource_name, framing, bus.clock, bus.transcript)
        link._visa_library = bus.visa_library
        return link

    def close(self) -> None:
        """Close the link; a link that is used after that opens again."""
        with self._lock:
            resource, sessions = self._resource, self._sessions
            self._resource = None
            if resource is None:
                return
            number = resource.session
            # A dead peer raises anything here, and nothing is left to be done about it.
            with suppress(Exception):
                resource.close()
            # pyvisa-py issue 258: it keeps every session that it ever opened.
            sessions.pop(number, None)

    def _renew(self) -> None:
        if self._resource is not None and not self._is_serial:
            # pyvisa-py issue 376: a late answer is handed to the next query of the same socket.
            self.close()
        if self._resource is None:
            self._open()
        if not self._is_serial:
            self._unanswered = 0  # a new connection brings no answer to the old one

    def _open(self) -> MessageBasedResource:
        with self._visa_errors("cannot be opened"):
            manager = _resource_manager(self._visa_library)
            resource = manager.open_resource(self.resource_name, open_timeout=_OPEN_WAIT_MS)
        if not isinstance(resource, MessageBasedResource):
            resource.close()
            raise LinkLost(f"{self}: not a resource that takes messages; correct its name")
        self._resource = resource
        with self._visa_errors("cannot be set up"):
            resource.read_termination = self._framing.read_termination
            if isinstance(resource, SerialInstrument):
                if self._framing.baud is not None:
                    resource.baud_rate = self._framing.baud
                if self._own_session is not None:
                    # pyvisa-py opens the same line twice without a word.
                    lock_line(self._own_session.interface)
            else:
                self._watch_sockets()
                if self._answers_clear:
                    resource.clear()
        return resource

    def _watch_sockets(self) -> None:
        """Let pyvisa-py's socket, or the one below its RPC calls, say when its peer is gone."""
        session = self._own_session
        interface: Any = getattr(session, "interface", None)
        if isinstance(interface, socket.socket):
            session.interface = _Socket(fileno=interface.detach())
            # Without it a write after a write waits for Nagle's 40 ms; VI_ATTR_TCPIP_NODELAY is
            # not implemented.
            session.interface.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        elif isinstance(below := getattr(interface, "sock", None), socket.socket):
            interface.sock = _Socket(fileno=below.detach())

    def _transmit(self, octets: bytes) -> None:
        resource = self._resource or self._open()
        with self._visa_errors(f"connection lost while sending {self._command!r}"):
            resource.timeout = self._allowed_s * 1000
            resource.write_raw(octets)

    def _receive(self, count: int) -> bytes:
        resource, session = self._resource, self._own_session
        if resource is None:
            raise self._lost("the link is closed")
        left_s = self._deadline_s - time.monotonic()
        if left_s <= 0:
            raise self._late()
        with self._visa_errors(f"connection lost while waiting for {self._command!r}"):
            resource.timeout = max(1.0, left_s * 1000)
            if session is None:
                octets = resource.read_bytes(count, break_on_termchar=True)
                status = StatusCode.success
            else:
                # Past pyvisa, which drops the first part of an answer that stops half-way.
                octets, status = session.read(count)
        self._heard += octets
        if status == StatusCode.error_timeout:
            raise self._late()
        if status < 0:
            raise self._lost(f"connection lost while waiting for {self._command!r}", repr(status))
        return bytes(octets)

    def _discard(self) -> bool:
        if self._resource is None or not (self._is_serial or self._socket is not None):
            return False  # to read with nothing asked is an error of its own in VXI-11 (-420)
        before = len(self._heard)
        self._deadline_s = time.monotonic() + _QUIET_WAIT_S
        with suppress(LinkTimeout):
            while True:
                self._receive(_DISCARD_COUNT)
        return len(self._heard) > before

    def _is_quiet(self) -> bool:
        if self._resource is None:
            return False
        with self._visa_errors("connection lost"):
            if isinstance(self._resource, SerialInstrument):
                return self._resource.bytes_in_buffer == 0
            if self._socket is None:
                # What is left to be read would be the next answer.
                waits = self._answers_clear and self._resource.read_stb() & _MESSAGE_AVAILABLE
                return not waits
            if getattr(self._own_session, "_pending_buffer", b""):
                return False
            return not (
                select.select([self._socket], [], [], 0)[0]
                and self._socket.recv(1, socket.MSG_PEEK)
            )

    @property
    def _is_serial(self) -> bool:
        return isinstance(self._resource, SerialInstrument)

    @property
    def _answers_clear(self) -> bool:
        """Whether the link has device clear and a status byte of its own, as VXI-11 has."""
        resource = self._resource
        return (
            resource is not None
            and resource.interface_type == InterfaceType.tcpip
            and resource.resource_class == "INSTR"
        )

    @property
    def _sessions(self) -> dict[int, Any]:
        """pyvisa-py's session objects by number; empty with another VISA library."""
        visalib = None if self._resource is None else self._resource.visalib
        sessions: dict[int, Any] = getattr(visalib, "sessions", {})
        return sessions

    @property
    def _own_session(self) -> Any:
        """pyvisa-py's session object below the resource; None with another VISA library."""
        return None if self._resource is None else self._sessions.get(self._resource.session)

    @property
    def _socket(self) -> socket.socket | None:
        interface = getattr(self._own_session, "interface", None)
        return interface if isinstance(interface, socket.socket) else None

    @contextmanager
    def _visa_errors(self, what: str) -> Iterator[None]:
        """Turn what the VISA library raises into this layer's errors."""
        try:
            yield
        except pyvisa.errors.VisaIOError as error:
            if error.error_code == StatusCode.error_timeout:
                raise self._late() from error
            raise self._lost(what, error.abbreviation) from error
        except Exception as error:
            # pyvisa-py raises SerialException, ConnectionError, EOFError, RuntimeError,
            # ValueError, RPCError or a bare Exception, by transport and moment.
            if isinstance(error, ValueError) and "select()" in str(error):
                what = f"{what}: more than 1023 files are open in this program"
            raise self._lost(what, f"{type(error).__name__}: {error}") from error

    def _late(self) -> LinkTimeout:
        part = f", only {bytes(self._heard)!r}" if self._heard else ""
        return LinkTimeout(
            f"{self}: no answer to {self._command} in {self._allowed_s:.1f} s{part}; check the "
            "cable and that no other program holds it"
        )

    def _lost(self, what: str, why: str = "") -> LinkLost:
        self.close()
        # What to do stands before the library's words, which name the line again and are cut.
        return LinkLost(
            f"{self}: {what}; check its power, its cable and the resource name, and that no "
            "other program holds it" + (f" ({why})" if why else "")
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Bus:
    """What all links of one run share.

    Attributes:
        clock: The rig's clock; durations of commands are given in its time.
        transcript: Where every byte is written.
        visa_library: PyVISA's name of the VISA library.
    """

    clock: Clock
    transcript: Transcript
    visa_library: str = "@py"

    def open(self, resource_name: str, *, instrument: str, framing: Framing) -> Link:
        """Open the link to one instrument and ask who it is.

        Args:
            resource_name: Its VISA resource name.
            instrument: Its role in words, for messages and the transcript.
            framing: How its messages begin and end.

        Raises:
            LinkLost: It cannot be reached.
            LinkTimeout: It does not say who it is.
        """
        link = Link.to(self, resource_name, instrument, framing)
        try:
            link.identify()  # a closed TCP port shows at the first message, not at open
        except BaseException:
            link.close()
            raise
        return link
