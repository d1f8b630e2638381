"""Talk to the site over HTTP, and try again while it is away."""

import http.client
import ipaddress
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any
from urllib.parse import urlsplit

from ledcal.reports.text import legible
from ledcal.rig.errors import RefusedInput, StationError

PATIENCE_S = 120.0
_ANSWER_LIMIT_S = 60.0
_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 10.0
_LARGEST_ANSWER = 1_000_000
_LONGEST_TEXT = 500
_UNKNOWN_TOKEN = 401
_AWAY = (408, 429, 500, 502, 503, 504)


@dataclass(frozen=True, slots=True)
class Told:
    """What the site answered.

    Attributes:
        status: Of HTTP.
        said: Its JSON object.
    """

    status: int
    said: dict[str, Any]

    @property
    def good(self) -> bool:
        """Whether it was taken."""
        return self.status == http.HTTPStatus.OK

    @property
    def text(self) -> str:
        """Why it was not, for a person: short, and harmless on a terminal."""
        text = self.said.get("text")
        return legible(text[:_LONGEST_TEXT]) if isinstance(text, str) else f"status {self.status}"

    def number(self, name: str) -> int:
        """Return a whole number of the answer.

        Raises:
            StationError: It has none of that name.
        """
        found = self.said.get(name)
        if type(found) is not int or found < 0:
            raise StationError("SITE", f"the site's answer has no {name}: {self.text}")
        return found

    def missing(self) -> list[tuple[int, str]]:
        """Return entries and runs of the answer.

        Raises:
            StationError: It has none.
        """
        try:
            return [(int(number), str(run)) for number, run in self.said["runs"]]
        except (KeyError, TypeError, ValueError) as error:
            raise StationError("SITE", f"the site's answer has no runs: {self.text}") from error


class SiteClient:
    """A site as a station sees it."""

    def __init__(
        self,
        url: str,
        token: str,
        *,
        patience_s: float = PATIENCE_S,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take a site into use; nothing is sent yet.

        Args:
            url: http or https, without a path. In the clear only to this machine: whoever reads
                the token could upload in the station's name.
            token: Of the station.
            patience_s: How long the site may be away before it is given up. [s]
            pause: Waits so many seconds.

        Raises:
            RefusedInput: The URL is refused.
        """
        self._url = url
        self._token = token
        self._patience_s = patience_s
        self._pause = pause
        self._connect = _connector(url)

    def ask(self, path: str) -> Told:
        """Ask something that changes nothing.

        Raises:
            RefusedInput: The site does not know the token.
            StationError: The site stays away.
        """
        return self._until_answered("GET", path, None)

    def bring(self, path: str, content: bytes | IO[bytes]) -> Told:
        """Bring something; to bring it twice is as good as once.

        Raises:
            RefusedInput: The site does not know the token.
            StationError: The site stays away.
        """
        return self._until_answered("POST", path, content)

    def _until_answered(self, method: str, path: str, content: bytes | IO[bytes] | None) -> Told:
        began, pause_s = time.monotonic(), _FIRST_PAUSE_S
        while True:
            try:
                told = self._once(method, path, content)
                if told.status == _UNKNOWN_TOKEN:
                    raise RefusedInput("TOKEN", f"{self._url}: {told.text}")
                if told.status not in _AWAY:
                    return told
                words = told.text
            except (OSError, http.client.HTTPException) as error:
                words = str(error) or type(error).__name__
            if time.monotonic() - began + pause_s > self._patience_s:
                raise StationError(
                    "SITE_AWAY",
                    f"{self._url}: {words}; the site was away for {self._patience_s:g} s. Nothing "
                    "is lost: upload again when it is back",
                )
            self._pause(pause_s)
            pause_s = min(2.0 * pause_s, _LONGEST_PAUSE_S)

    def _once(self, method: str, path: str, content: bytes | IO[bytes] | None) -> Told:
        length = 0
        if isinstance(content, bytes):
            length = len(content)
        elif content is not None:
            length = content.seek(0, os.SEEK_END)
            content.seek(0)
        connection = self._connect()
        try:
            headers = {"Authorization": f"Bearer {self._token}", "Connection": "close"}
            if content is not None:
                headers["Content-Length"] = str(length)
            try:
                connection.request(method, path, body=content, headers=headers)
            except (BrokenPipeError, ConnectionResetError):
                # It may have refused before all was sent; then its reason can still be read.
                if connection.sock is None:
                    raise
            answer = connection.getresponse()
            return Told(answer.status, _object(answer.read(_LARGEST_ANSWER)))
        finally:
            connection.close()


def _object(content: bytes) -> dict[str, Any]:
    try:
        said = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _connector(url: str) -> Callable[[], http.client.HTTPConnection]:
    parts = urlsplit(url)
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host = None
    if parts.scheme not in ("http", "https") or not host or parts.path.strip("/") or parts.query:
        raise RefusedInput("SITE", f"--to {url!r}: is no URL like https://site.example:8470")
    name, at = host, port
    if parts.scheme == "https":
        return lambda: http.client.HTTPSConnection(name, at, timeout=_ANSWER_LIMIT_S)
    if not _is_here(name):
        raise RefusedInput(
            "SITE", f"--to {url!r}: the token would cross the network in the clear; use https"
        )
    return lambda: http.client.HTTPConnection(name, at, timeout=_ANSWER_LIMIT_S)


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
