"""Pages with hostile texts in a real browser with scripts on: nothing acts, nothing leaves."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledcal.rig.closing import CERTIFICATE
from ledcal.rig.step_report import close_report
from tests.hostile.browser import PROGRAM, Browser, open_browser
from tests.hostile.texts import HARMLESS, NO_TEXT, TEXTS
from tests.hostile.world import make_world
from tests.tamper.archive import step_report

pytestmark = pytest.mark.skipif(
    PROGRAM is None, reason="no Chromium here: install Debian's chromium"
)

STEPS = """
import math
import pytest
from pytest_html import extras as attached
from pytest_html.fixtures import extras

TEXTS = {texts!r}

@pytest.mark.parametrize("text", TEXTS)
def test_parameter(text, request, extras):
    print(text.encode(errors="backslashreplace").decode())
    plain = text.encode(errors="replace").decode()
    extras.append(attached.html(plain))
    extras.append(attached.url("javascript:window.hostile=7", name=plain))
    extras.append(attached.text("text", name=plain))
    facts = dict(measurand=text, channel=1, value=math.nan, expanded_uncertainty=math.inf, k=2.0,
                 unit=text, lower=-math.inf, upper=None, verdict=text)
    request.node.user_properties.append(("ledcal_results", facts))

NAMED = [pytest.param(n, id=t) for n, t in enumerate(TEXTS) if "\\0" not in t]

@pytest.mark.parametrize("number", NAMED)
def test_name(number):
    assert TEXTS[number] == "another", TEXTS[number]

def test_raised():
    raise ValueError("".join(TEXTS)[:2000])

@pytest.fixture
def broken():
    yield
    raise ValueError(TEXTS[1])

def test_teardown(broken):
    pass
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as one:
        yield one


def page(folder: Path, body: str) -> Path:
    path = folder / "page.html"
    path.write_text(f"<!DOCTYPE html><html><body>{body}</body></html>", encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["script", "attribute", "end of style"])
def test_the_texts_do_act_where_nobody_minds_them(
    browser: Browser, tmp_path: Path, name: str
) -> None:
    """Without this, a browser that runs nothing would prove everything."""
    body = f'<style></style><b title="{TEXTS[name]}">{TEXTS[name]}</b>'
    seen = browser.look(page(tmp_path, body))
    assert seen.flag is not None
    if name != "attribute":
        assert any("hostile.invalid" in one for one in seen.requests)


@pytest.mark.parametrize("name", [name for name in TEXTS if name != HARMLESS])
def test_a_certificate(browser: Browser, tmp_path: Path, name: str) -> None:
    world = make_world(tmp_path, TEXTS[name], only=("review", "report"))
    drawn = "document.querySelectorAll('section, table').length"
    for path in (world.run / CERTIFICATE, tmp_path / "page.html"):
        seen = browser.look(path, drawn)
        assert (seen.flag, seen.dialogs) == (None, [])
        assert seen.requests == [path.resolve().as_uri()]
        assert seen.answers[0] > 5


def test_the_engineers_report(browser: Browser, tmp_path: Path) -> None:
    """Every row is drawn, under a NaN and with every text in every place that a test has."""
    texts = [*TEXTS.values(), *NO_TEXT.values()]
    arguments = [
        *("--metadata", "key<b>", TEXTS["script"], "--ledcal-operator", TEXTS["attribute"]),
        *("--ledcal-reason", TEXTS["end of style"]),
    ]
    # CI's own variables go into the report too.
    os.environ["BUILD_TAG"] = TEXTS["script"]
    os.environ["JENKINS_URL"] = "x"
    try:
        content = step_report(tmp_path, STEPS.format(texts=texts), *arguments)
    finally:
        del os.environ["BUILD_TAG"], os.environ["JENKINS_URL"]
    path = tmp_path / "report.html"
    path.write_bytes(content)
    close_report(path, "00" * 32)
    named = sum("\0" not in text for text in texts)
    questions = [
        "document.querySelectorAll('tbody.results-table-row').length",
        "document.querySelectorAll('#environment tr').length",
        "document.body.textContent",
        "document.querySelectorAll('#results-table script, #results-table img[onerror], "
        "#environment img, svg, iframe').length",
        "getComputedStyle(document.body).color",
    ]
    seen = browser.look(path, *questions)
    assert (seen.flag, seen.dialogs) == (None, [])
    assert seen.requests == [path.resolve().as_uri()]
    # A test whose teardown fails has two rows.
    assert seen.answers[0] == len(texts) + named + 3
    assert seen.answers[1] >= 8
    for shown in ("<script>window.hostile=1</script>", "not a number", "\\u202e", "\\ud800"):
        assert shown in seen.answers[2], shown
    assert all(one.isprintable() or one in "\n\xa0" for one in seen.answers[2])
    assert seen.answers[3:] == [0, "rgb(34, 34, 34)"]
