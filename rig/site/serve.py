"""Serve the site until a signal ends it."""

import fcntl
import ipaddress
import logging
import shutil
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from ledcal.rig.errors import RefusedInput, StationError
from ledcal.rig.folder import require_writable
from ledcal.rig.keys import engineering_key
from ledcal.rig.site.reception import INCOMING
from ledcal.rig.site.server import SiteServer
from ledcal.rig.store.opened import open_store

_LOCK = "site.lock"
_CONNECTIONS = 64
_END_LIMIT_S = 10


def serve_site(
    url: str,
    data_folder: Path,
    listen: str,
    hosts: Sequence[str],
    announce: Callable[[str], None],
) -> None:
    """Serve until SIGINT or SIGTERM; announce the address once it is taken.

    Args:
        url: Of the site's record store.
        data_folder: Where runs are kept.
        listen: Address and port; port 0 takes a free one.
        hosts: Names besides the address by which stations may call the server.
        announce: Called with the server's URL.

    Raises:
        RefusedInput: The address is none, or another site serves the data folder.
        StationError: The address is taken, or disk or store refuse.
    """
    host, port = _address(listen)
    require_writable(data_folder)
    with _alone(data_folder), open_store(url) as store, _listening(host, port) as listener:
        # What a killed server left half-way.
        shutil.rmtree(data_folder / INCOMING, ignore_errors=True)
        server = SiteServer(store, data_folder, engineering_key(data_folder))
        config = uvicorn.Config(
            server.app([host, *hosts]),
            log_level=logging.WARNING,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=_CONNECTIONS,
            timeout_graceful_shutdown=_END_LIMIT_S,
            lifespan="off",
        )
        announce(f"http://{host}:{listener.getsockname()[1]}")
        uvicorn.Server(config).run(sockets=[listener])


@contextmanager
def _alone(data_folder: Path) -> Iterator[None]:
    """Let no second server clear away what this one is receiving."""
    with (data_folder / _LOCK).open("wb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise RefusedInput(
                "SERVED", f"{data_folder}: another ledcal serves this data folder; end it first"
            ) from error
        yield


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    try:
        listener = socket.create_server((host, port), backlog=_CONNECTIONS)
    except OSError as error:
        raise StationError("LISTEN", f"{host}:{port}: {error.strerror}") from error
    with listener:
        yield listener


def _address(listen: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    try:
        ipaddress.IPv4Address(host)
        if not port.isascii() or not port.isdigit() or int(port) > 65_535:
            raise ValueError(port)
    except ValueError as error:
        raise RefusedInput(
            "LISTEN", f"--listen {listen!r}: is no IPv4 address and port like 127.0.0.1:8470"
        ) from error
    return host, int(port)
