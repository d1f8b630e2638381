"""Talking to a site that is away, comes back, or is no site at all."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ledcal.rig.errors import RefusedInput, StationError
from ledcal.rig.upload import upload
from ledcal.rig.upload_http import SiteClient


@contextmanager
def answering(*answers: bytes) -> Iterator[str]:
    """Serve these bytes, one after the other, each as the whole answer to a request."""
    left = iter(answers)

    class Handler(BaseHTTPRequestHandler):
        def handle(self) -> None:
            self.rfile.readline()
            self.wfile.write(next(left, b""))

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def answer(status: int, content: bytes) -> bytes:
    head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(content)}\r\n\r\n"
    return head.encode() + content


GOOD = answer(200, b'{"size": 3}')


def client(url: str, patience_s: float = 60.0) -> tuple[SiteClient, list[float]]:
    """A client that notes its pauses instead of waiting."""
    pauses: list[float] = []
    return SiteClient(url, "t", patience_s=patience_s, pause=pauses.append), pauses


def test_it_tries_again_with_longer_pauses() -> None:
    with answering(b"", b"nonsense\r\n\r\n", answer(503, b"{}"), answer(500, b"x"), GOOD) as url:
        site, pauses = client(url)
        assert site.ask("/logs/x").number("size") == 3
    assert pauses == [0.2, 0.4, 0.8, 1.6]


def test_a_site_that_stays_away() -> None:
    with answering() as url:
        pass
    site, _ = client(url, patience_s=0.0)
    with pytest.raises(StationError, match="the site was away for 0 s"):
        site.ask("/health")


def test_a_token_that_is_refused_is_not_tried_again() -> None:
    with answering(answer(401, b'{"text": "unknown"}')) as url:
        site, pauses = client(url)
        with pytest.raises(RefusedInput, match="unknown"):
            site.ask("/health")
    assert pauses == []


@pytest.mark.parametrize("content", [b"", b"[]", b"[" * 9000, b'{"size": -1}', b'{"size": true}'])
def test_an_answer_that_says_nothing(content: bytes) -> None:
    with answering(answer(200, content)) as url:
        site, _ = client(url)
        with pytest.raises(StationError, match="the site's answer has no size"):
            site.ask("/logs/x").number("size")


@pytest.mark.parametrize(
    "content", [b"{}", b'{"runs": 1}', b'{"runs": [1]}', b'{"runs": [["x", 1]]}']
)
def test_an_answer_without_runs(content: bytes) -> None:
    with answering(answer(200, content)) as url:
        site, _ = client(url)
        with pytest.raises(StationError, match="the site's answer has no runs"):
            site.ask("/missing/x").missing()


def test_what_a_site_says_cannot_act_on_a_terminal() -> None:
    with answering(answer(422, b'{"text": "\\u001b[31m' + b"x" * 2000 + b'"}')) as url:
        site, _ = client(url)
        told = site.bring("/bundles/x", b"")
    assert not told.good
    assert told.text.isprintable()
    assert len(told.text) < 600


@pytest.mark.parametrize("url", ["", "x", "ftp://x", "http://", "https://x/path", "https://x:y"])
def test_what_is_no_site(url: str) -> None:
    with pytest.raises(RefusedInput, match="is no URL"):
        client(url)


@pytest.mark.parametrize("url", ["http://10.0.0.1", "http://localhost.evil.example"])
def test_a_token_does_not_cross_the_network_in_the_clear(url: str) -> None:
    with pytest.raises(RefusedInput, match="in the clear"):
        client(url)


def test_a_site_that_asks_for_what_is_no_run(make_run: Callable[..., Path]) -> None:
    run = make_run()
    data_folder = run.parent.parent
    # The log has two entries: that the run was closed, and its seal.
    size, taken = answer(200, b'{"size": 2}'), answer(200, b"{}")
    asked = answer(200, b'{"runs": [[0, "../../other"]]}')
    none = answer(200, b'{"runs": []}')
    # One page of runs and the end of them, then no additions.
    with answering(size, taken, asked, none, none) as url:
        done = upload(data_folder, client(url)[0], lambda words: None)
    assert done.left == ("run ../../other: is no id of a run",)
    with answering(size, taken, asked, asked) as url:
        with pytest.raises(StationError, match="out of order"):
            upload(data_folder, client(url)[0], lambda words: None)
