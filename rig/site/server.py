"""The site over HTTP: what stations may ask and bring. Nothing is changed by a GET."""

import asyncio
import hashlib
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

from sqlalchemy import Connection
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ledcal.calibration.errors import RecordError
from ledcal.rig.additions import LARGEST_ADDITION
from ledcal.rig.errors import RigError
from ledcal.rig.keys import SigningKey
from ledcal.rig.site.additions import missing_additions, read_addition, take_addition
from ledcal.rig.site.admission import admitted
from ledcal.rig.site.reception import incoming, is_received, take_bundle
from ledcal.rig.site.refusal import (
    BAD_REQUEST,
    TOO_LARGE,
    UNBELIEVABLE,
    Refusal,
)
from ledcal.rig.site.witness import known_log, missing_runs, take_growth
from ledcal.rig.store.opened import Store
from ledcal.rig.trust import known_keys
from ledcal.rig.upload_bundle import LARGEST_BUNDLE
from ledcal.rig.upload_growth import LARGEST_GROWTH, read_growth

_LOG = logging.getLogger(__name__)
_SHA256 = re.compile(r"[0-9a-f]{64}")
_ORIGIN = re.compile(r"ledcal/[0-9a-f]{16}")
_NUMBER = re.compile(r"-1|0|[1-9][0-9]{0,15}")
_SILENCE_LIMIT_S = 30.0
_BUSY = 503

Answer = Callable[["SiteServer", Request, str], Awaitable[Response]]
Endpoint = Callable[["SiteServer", Request], Awaitable[Response]]
Missing = Callable[[Connection, str, int], list[tuple[int, str]]]


def _for_stations(answer: Answer) -> Endpoint:
    """Let a station through that has a token, and tell every refusal in one form."""

    @wraps(answer)
    async def endpoint(server: "SiteServer", request: Request) -> Response:
        try:
            header = request.headers.get("authorization", "")
            station = await run_in_threadpool(admitted, server.data_folder, header)
            return await answer(server, request, station)
        except Refusal as error:
            return _refused(error.status, error.code, error.text)
        except (RigError, OSError) as error:
            # The station can try again; it need not know the paths of this machine.
            _LOG.error("%s %s: %s", request.method, request.url.path, error)
            return _refused(_BUSY, "SITE", "the site cannot do this now; see its messages")
        except ClientDisconnect:
            return _refused(BAD_REQUEST, "CUT", "the connection ended before the upload")

    return endpoint


@dataclass(frozen=True, slots=True)
class SiteServer:
    """What answers.

    Attributes:
        store: With the copies of the logs, and the index of all runs.
        data_folder: With the runs and the admitted stations.
        key: Signs the site's own log.
        largest_bundle: Bytes of a bundle that is taken.
    """

    store: Store
    data_folder: Path
    key: SigningKey
    largest_bundle: int = LARGEST_BUNDLE

    def app(self, hosts: Sequence[str]) -> Starlette:
        """Return the application; it answers only to these names of itself."""
        routes = [
            Route("/health", self.health, methods=["GET"]),
            Route("/bundles/{sha256}", self.bundle, methods=["GET"]),
            Route("/bundles/{sha256}", self.add_bundle, methods=["POST"]),
            Route("/logs/{origin:path}", self.log, methods=["GET"]),
            Route("/logs/{origin:path}", self.add_growth, methods=["POST"]),
            Route("/missing/{origin:path}", self.missing, methods=["GET"]),
            Route("/additions/{origin:path}", self.additions, methods=["GET"]),
            Route("/additions/{origin:path}", self.add_addition, methods=["POST"]),
        ]
        guard = Middleware(TrustedHostMiddleware, allowed_hosts=[*hosts], www_redirect=False)
        return Starlette(routes=routes, middleware=[guard])

    async def health(self, request: Request) -> Response:
        """Tell whether the store can be read."""
        try:
            await run_in_threadpool(self._is_known, "")
        except RigError:
            return JSONResponse({"health": "the record store cannot be read"}, _BUSY)
        return JSONResponse({"health": "ok"})

    @_for_stations
    async def bundle(self, request: Request, station: str) -> Response:
        """Tell whether a bundle was taken."""
        known = await run_in_threadpool(self._is_known, _sha256(request))
        return JSONResponse({"received": known}, 200 if known else 404)

    @_for_stations
    async def add_bundle(self, request: Request, station: str) -> Response:
        """Take a bundle; twice is as good as once."""
        sha256 = _sha256(request)
        if await run_in_threadpool(self._is_known, sha256):
            return JSONResponse({"received": True})
        with incoming(self.data_folder) as folder:
            path, digest = folder / "bundle.zip", hashlib.sha256()
            with path.open("wb") as file:
                async for chunk in _body(request, self.largest_bundle):
                    digest.update(chunk)
                    file.write(chunk)
            if digest.hexdigest() != sha256:
                raise Refusal(
                    UNBELIEVABLE, "HASH", f"what came has hash {digest.hexdigest()}, not {sha256}"
                )
            run = await run_in_threadpool(
                take_bundle, self.store, self.data_folder, station, path, sha256, self.key
            )
        return JSONResponse({"received": True, "run": run})

    @_for_stations
    async def log(self, request: Request, station: str) -> Response:
        """Tell what is known of a log: its last checkpoint."""
        return await run_in_threadpool(self._log, _origin(request))

    @_for_stations
    async def add_growth(self, request: Request, station: str) -> Response:
        """Take what a log has gained."""
        origin = _origin(request)
        content = b"".join([chunk async for chunk in _body(request, LARGEST_GROWTH)])
        said = await run_in_threadpool(self._grown, station, origin, content)
        return JSONResponse({"size": said})

    @_for_stations
    async def missing(self, request: Request, station: str) -> Response:
        """Tell which runs a log says were closed, and are not here."""
        after = _number(request, "after")
        return await run_in_threadpool(self._missing, missing_runs, _origin(request), after)

    @_for_stations
    async def additions(self, request: Request, station: str) -> Response:
        """Tell which additions a log tells of, and are not here."""
        after = _number(request, "after")
        return await run_in_threadpool(self._missing, missing_additions, _origin(request), after)

    @_for_stations
    async def add_addition(self, request: Request, station: str) -> Response:
        """Take what came to a run after it was closed; twice is as good as once."""
        origin, number = _origin(request), _number(request, "entry")
        content = b"".join([chunk async for chunk in _body(request, LARGEST_ADDITION)])
        files = read_addition(content)
        await run_in_threadpool(
            take_addition, self.store, self.data_folder, station, origin, number, files, self.key
        )
        return JSONResponse({"received": True})

    def _is_known(self, sha256: str) -> bool:
        with self.store.reading() as connection:
            return is_received(connection, sha256)

    def _log(self, origin: str) -> Response:
        with self.store.reading() as connection:
            known = known_log(connection, origin)
        if known is None:
            return JSONResponse({"size": 0}, 404)
        return JSONResponse({"size": known.said.size, "note": known.note})

    def _grown(self, station: str, origin: str, content: bytes) -> int:
        try:
            growth = read_growth(content)
        except RecordError as error:
            raise Refusal(BAD_REQUEST, "GROWTH", f"what came {error}") from error
        publics = [one.public for one in known_keys(self.data_folder)]
        return take_growth(self.store, station, origin, growth, publics, self.key).size

    def _missing(self, missing: Missing, origin: str, after: int) -> Response:
        with self.store.reading() as connection:
            return JSONResponse({"runs": missing(connection, origin, after)})


async def _body(request: Request, largest: int) -> AsyncIterator[bytes]:
    """Yield what comes; refuse what is too large, and whoever falls silent."""
    told = request.headers.get("content-length", "0")
    came = int(told) if told.isascii() and told.isdigit() and len(told) < 16 else largest + 1
    if came > largest:
        raise _too_large(largest)
    came = 0
    stream = aiter(request.stream())
    while True:
        try:
            async with asyncio.timeout(_SILENCE_LIMIT_S):
                chunk = await anext(stream)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise Refusal(
                408, "SILENT", f"nothing came for {_SILENCE_LIMIT_S:g} s; upload it again"
            ) from None
        came += len(chunk)
        if came > largest:
            raise _too_large(largest)
        yield chunk


def _too_large(largest: int) -> Refusal:
    return Refusal(TOO_LARGE, "SIZE", f"is larger than the {largest} bytes that are taken")


def _sha256(request: Request) -> str:
    name: str = request.path_params["sha256"]
    if not _SHA256.fullmatch(name):
        raise Refusal(BAD_REQUEST, "NAME", "a bundle is named by its SHA-256, 64 hex digits")
    return name


def _origin(request: Request) -> str:
    name: str = request.path_params["origin"]
    if not _ORIGIN.fullmatch(name):
        raise Refusal(BAD_REQUEST, "NAME", "a log is named ledcal/ and 16 hex digits")
    return name


def _number(request: Request, name: str) -> int:
    text = request.query_params.get(name, "-1")
    if not _NUMBER.fullmatch(text):
        raise Refusal(BAD_REQUEST, name.upper(), f"{name}: is no number of an entry")
    return int(text)


def _refused(status: int, code: str, text: str) -> Response:
    # What is left of the body is not read: the connection ends.
    content: dict[str, Any] = {"code": code, "text": text}
    return JSONResponse(content, status, headers={"connection": "close"})
