"""A real Chromium with scripts on, spoken to over a pipe; it reaches no network."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser")
_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
    *("--no-first-run", "--disable-extensions", "--disable-background-networking"),
    # Whatever would leave the page finds no host; the wish to leave is seen all the same.
    *("--host-resolver-rules=MAP * ~NOTFOUND", "--remote-debugging-pipe"),
)


@dataclass(frozen=True)
class Seen:
    """What a page did.

    Attributes:
        flag: What a hostile text would have set, None while none acted.
        requests: Every address that was asked for, the page's own first.
        dialogs: Texts of dialogs that opened.
        answers: What the questions to the page gave.
    """

    flag: Any
    requests: list[str]
    dialogs: list[str]
    answers: list[Any]


class Browser:
    """A Chromium that is running."""

    def __init__(self, commands: int, answers: int) -> None:
        """Take the two ends of its pipes."""
        self._commands, self._answers, self._rest = commands, answers, b""
        self._number = 0

    def look(self, path: Path, *questions: str) -> Seen:
        """Open a page, wait until it is loaded and idle, click on it, and tell what it did."""
        target = self._ask("Target.createTarget", {"url": "about:blank"})["targetId"]
        attach = {"targetId": target, "flatten": True}
        session = self._ask("Target.attachToTarget", attach)["sessionId"]
        events: list[dict[str, Any]] = []
        for domain in ("Page", "Network", "Runtime"):
            self._ask(f"{domain}.enable", {}, session)
        self._ask("Page.navigate", {"url": path.resolve().as_uri()}, session, events)
        while not any(one["method"] == "Page.loadEventFired" for one in events):
            events.append(self._read(session))

        def value(question: str) -> Any:
            asked = {"expression": question, "returnByValue": True, "awaitPromise": True}
            return self._ask("Runtime.evaluate", asked, session, events)["result"].get("value")

        # Everything that takes the focus or a click gets it; time for what loads late.
        value(
            "const act = (e, kind) => e.dispatchEvent(new MouseEvent(kind, {bubbles: true}));"
            "[...document.querySelectorAll('*')].forEach(e => { e.focus?.(); act(e, 'mouseover');"
            " if (e.matches('b, svg, img, [onclick]')) act(e, 'click') })"
        )
        value("new Promise(done => setTimeout(done, 100))")
        answers = [value(question) for question in questions]
        flag = value("window.hostile")
        self._ask("Target.closeTarget", {"targetId": target})
        said = "Network.requestWillBeSent"
        return Seen(
            flag=flag,
            requests=[one["params"]["request"]["url"] for one in events if one["method"] == said],
            dialogs=[
                one["params"]["message"]
                for one in events
                if one["method"] == "Page.javascriptDialogOpening"
            ],
            answers=answers,
        )

    def _ask(
        self,
        method: str,
        params: dict[str, Any],
        session: str | None = None,
        events: list[dict[str, Any]] | None = None,
    ) -> dict[str, Any]:
        self._number += 1
        said = {"id": self._number, "method": method, "params": params}
        if session is not None:
            said["sessionId"] = session
        os.write(self._commands, json.dumps(said).encode() + b"\0")
        while True:
            found = self._message()
            if found.get("id") == self._number:
                if "error" in found:
                    raise AssertionError(f"{method}: {found['error']}")
                result: dict[str, Any] = found["result"]
                return result
            if events is not None and "method" in found:
                events.append(found)

    def _read(self, session: str) -> dict[str, Any]:
        while True:
            found = self._message()
            if found.get("sessionId") == session and "method" in found:
                return found

    def _message(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            part = os.read(self._answers, 1 << 20)
            if not part:
                raise AssertionError("the browser ended")
            self._rest += part
        message, _, self._rest = self._rest.partition(b"\0")
        found: dict[str, Any] = json.loads(message)
        return found


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Start a Chromium with a profile of its own."""
    assert PROGRAM is not None
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        # It reads from descriptor 3 and writes to 4.
        script = f'exec "$0" "$@" 3<&{theirs_in} 4>&{theirs_out}'
        process = subprocess.Popen(
            [
                *("bash", "-c", script, PROGRAM, *_FLAGS, f"--user-data-dir={profile}"),
                "about:blank",
            ],
            pass_fds=(theirs_in, theirs_out),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        try:
            yield Browser(ours_out, ours_in)
        finally:
            os.close(ours_out)
            os.close(ours_in)
            process.terminate()
            process.wait()
