"""The site against hostile and broken requests: nothing of them is left."""

import hashlib
import http.client
import io
import json
import socket
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from ledcal.rig.closing import SEAL
from ledcal.rig.run import RUNS
from ledcal.rig.site.reception import INCOMING
from ledcal.rig.site.server import SiteServer
from ledcal.rig.upload_bundle import LARGEST_BUNDLE, write_bundle
from tests.rig.site.conftest import Admit, AtSite, LiveSite, run_id, served

ORIGIN = "ledcal/0123456789abcdef"
NAME = "0" * 64
Wait = Callable[..., None]


@pytest.fixture
def url(tmp_path: Path) -> str:
    """SQLite is enough: these requests do not come as far as the store."""
    return f"sqlite:///{tmp_path / 'site.sqlite'}"


def ask(
    site: LiveSite, method: str, path: str, token: str = "", body: bytes = b"", **headers: str
) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection(str(urlsplit(site.url).netloc), timeout=20)
    try:
        sent = {"Authorization": f"Bearer {token}"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        connection.request(method, path, body or None, sent)
        answer = connection.getresponse()
        content = answer.read()
        plain = answer.getheader("content-type") == "application/json"
        return answer.status, json.loads(content) if plain else {}
    finally:
        connection.close()


def bundle(*files: tuple[str, bytes], **how: Any) -> bytes:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", how.get("compression", zipfile.ZIP_STORED)) as archive:
        for name, content in files:
            info = zipfile.ZipInfo(name)
            info.external_attr = how.get("mode", 0o100644) << 16
            info.compress_type = how.get("compression", zipfile.ZIP_STORED)
            archive.writestr(info, content)
    return output.getvalue()


def bring(site: LiveSite, station: AtSite, content: bytes) -> tuple[int, str]:
    name = hashlib.sha256(content).hexdigest()
    status, said = ask(site, "POST", f"/bundles/{name}", station.token, content)
    return status, str(said.get("text"))


def nothing_is_left(site: LiveSite) -> bool:
    return [*(site.data_folder / INCOMING).glob("*"), *site.runs()] == []


def test_who_has_no_token_is_told_nothing(site: LiveSite) -> None:
    for method, path in (
        ("GET", f"/bundles/{NAME}"),
        ("POST", f"/bundles/{NAME}"),
        ("GET", f"/logs/{ORIGIN}"),
        ("POST", f"/logs/{ORIGIN}"),
        ("GET", f"/missing/{ORIGIN}"),
    ):
        assert ask(site, method, path)[0] == 401
        assert ask(site, method, path, "ledcal_../../x_" + "y" * 43)[0] == 401
    assert ask(site, "GET", "/health") == (200, {"health": "ok"})
    assert not (site.data_folder / INCOMING).exists()


def test_another_host_and_other_methods_are_refused(site: LiveSite, admitted: Admit) -> None:
    token = admitted("one").token
    assert ask(site, "GET", "/health", Host="evil.example")[0] == 400
    for method in ("PUT", "DELETE", "PATCH"):
        assert ask(site, method, f"/bundles/{NAME}", token)[0] == 405
    assert ask(site, "POST", "/health", token)[0] == 405


@pytest.mark.parametrize(
    "path",
    [
        "/bundles/" + "g" * 64,
        "/bundles/" + "A" * 64,
        "/bundles/%2e%2e%2fkeys",
        "/logs/ledcal/..%2f..%2fkeys",
        "/logs/%00",
        f"/missing/{ORIGIN}?after=1e9",
        f"/missing/{ORIGIN}?after=-2",
    ],
)
def test_hostile_names(site: LiveSite, admitted: Admit, path: str) -> None:
    assert ask(site, "GET", path, admitted("one").token)[0] in (400, 404)
    assert not (site.data_folder / INCOMING).exists()


def test_what_is_too_large_is_refused_before_it_comes(site: LiveSite, admitted: Admit) -> None:
    token = admitted("one").token
    for path in (f"/bundles/{NAME}", f"/logs/{ORIGIN}"):
        length = str(LARGEST_BUNDLE + 1)
        status, said = ask(site, "POST", path, token, Content_Length=length)
        assert (status, said["code"]) == (413, "SIZE")
        assert ask(site, "POST", path, token, Content_Length="9" * 40)[0] == 400
    assert nothing_is_left(site)


def test_what_does_not_say_how_large_it_is_is_cut_off(site: LiveSite, admitted: Admit) -> None:
    token = admitted("one").token
    small = SiteServer(site.store, site.data_folder, site.key, largest_bundle=1000)
    with served(small) as address:
        connection = http.client.HTTPConnection(str(urlsplit(address).netloc), timeout=20)
        chunks = iter([bytes(600), bytes(600)])
        headers = {"Authorization": f"Bearer {token}"}
        connection.request("POST", f"/bundles/{NAME}", chunks, headers, encode_chunked=True)
        assert connection.getresponse().status == 413
        connection.close()
    assert nothing_is_left(site)


RUN = run_id(1)
GOOD = (f"{RUN}/{SEAL}", b"{}")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"no archive", "is no bundle"),
        (bundle(), "lists 0 files"),
        (bundle(GOOD)[:-30], "is no bundle"),
        (bundle(("../../keys/x", b"")), "which no run leaves"),
        (bundle(("/etc/passwd", b"")), "which no run leaves"),
        (bundle((f"{RUN}/../../x", b"")), "which no run leaves"),
        (bundle((f"{RUN}/a\\b", b"")), "which no run leaves"),
        (bundle((f"{RUN}/.hidden", b"")), "which no run leaves"),
        (bundle((f"{RUN}/" + "x" * 300, b"")), "which no run leaves"),
        (bundle(GOOD, (f"{run_id(2)}/{SEAL}", b"")), "more than one run"),
        (bundle(GOOD, (f"{RUN}/SEAL.json", b"")), "one name twice"),
        (bundle((f"{RUN}/{SEAL}", b"/etc/passwd"), mode=0o120777), "no plain file"),
        (bundle((f"{RUN}/x", bytes(10**6)), compression=zipfile.ZIP_DEFLATED), "would grow"),
        (bundle((f"{RUN}/x", b"x"), compression=zipfile.ZIP_DEFLATED), "is compressed"),
        (bundle((f"{RUN}/x", b""), GOOD), "do not make it again"),  # not in order
        (bundle(*((f"{RUN}/{number}", b"") for number in range(501))), "lists 501 files"),
    ],
)
def test_hostile_bundles(site: LiveSite, admitted: Admit, content: bytes, words: str) -> None:
    status, text = bring(site, admitted("one"), content)
    assert status == 422
    assert words in text
    assert nothing_is_left(site)


def test_a_bundle_under_another_name(site: LiveSite, admitted: Admit) -> None:
    status, said = ask(site, "POST", f"/bundles/{NAME}", admitted("one").token, b"x")
    assert (status, said["code"]) == (422, "HASH")
    assert nothing_is_left(site)


def test_a_run_before_its_log(site: LiveSite, admitted: Admit) -> None:
    station = admitted("one", 1)
    with (station.data_folder / "bundle").open("w+b") as file:
        write_bundle(station.data_folder / RUNS / RUN, file)
        file.seek(0)
        status, text = bring(site, station, file.read())
    assert status == 409
    assert "upload the log first" in text
    assert nothing_is_left(site)
    assert site.alarms() == []


def test_a_connection_that_is_cut(site: LiveSite, admitted: Admit, wait_until: Wait) -> None:
    token, incoming = admitted("one").token, site.data_folder / INCOMING
    host, _, port = urlsplit(site.url).netloc.partition(":")
    with socket.create_connection((host, int(port))) as cut:
        head = f"POST /bundles/{NAME} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 100000\r\n"
        cut.sendall(f"{head}Authorization: Bearer {token}\r\n\r\n".encode() + bytes(70_000))
        wait_until(lambda: any(incoming.glob("*/bundle.zip")), "the upload has begun")
    wait_until(lambda: not any(incoming.glob("*")), "nothing of it is left")
    assert nothing_is_left(site)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b"[" * 5000,
        b'{"first": true, "entries": [], "proof": [], "note": ""}',
        b'{"first": 0, "entries": ["?"], "proof": [], "note": ""}',
        b'{"first": 0, "entries": [], "proof": ["AA=="], "note": ""}',
        b'{"first": 0, "entries": [], "proof": [], "note": ""}',
        b'{"first": 0, "entries": [], "proof": [], "note": "a\\n' + b"9" * 5000 + b'\\nb\\n"}',
    ],
)
def test_what_is_no_growth(site: LiveSite, admitted: Admit, content: bytes) -> None:
    assert ask(site, "POST", f"/logs/{ORIGIN}", admitted("one").token, content)[0] == 400
