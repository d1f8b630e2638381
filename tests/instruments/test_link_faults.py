"""The link against faults on the lines that the virtual bench serves: pty, socket, VXI-11."""

import gc
import os
import resource
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest
import pyvisa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledcal.instruments import exchange, link
from ledcal.instruments.dialogue import Framing
from ledcal.instruments.errors import InstrumentError, LinkLost, LinkTimeout, WrongInstrument
from ledcal.instruments.link import Bus, Link

_T = TypeVar("_T")
Truth = Callable[[dict[str, Any]], dict[str, Any]]
SCPI = Framing(baud=115200)
JETI = Framing(read_termination="\r", write_termination="\r", error_query=None, abort=b"\x1b")


@dataclass(frozen=True)
class Line:
    """One line of the bench, with questions whose answers differ and do not change."""

    on: str
    framing: Framing
    questions: tuple[str, ...]
    place: str = "resource"


LOGGER = "thermocouple_logger"
OF_LOGGER = ("SYST:VERS?", "ROUT:SCAN:SIZE?", "UNIT:TEMP? (@101)")
LINES = {
    "pty": Line("power_meter", SCPI, ("SENS:CORR:WAV?", "SENS:AVER:COUN?", "SYST:VERS?")),
    "socket": Line("spectrometer", JETI, ("*PARA:SPNUM?", "*VERS?", "*PARA:WAVEND?")),
    "vxi11": Line(LOGGER, SCPI, OF_LOGGER),
    "scpi-socket": Line(LOGGER, SCPI, OF_LOGGER, "resource_socket"),
}
TCP = ["socket", "vxi11", "scpi-socket"]
ON_A_REPLY: dict[str, list[Any]] = {
    "late_reply": [0.3],
    "half_reply": [True, 1],
    "no_reply": [True],
    "garbage_before": ["ff", "ff0d"],
    "garbage_inside": ["ff07"],
    "duplicate_reply": [True],
    "dropped_connection": [0, 2],  # a serial line is unplugged and plugged in again
}


@pytest.fixture(scope="module")
def hurried() -> Iterator[None]:
    """Shorten every wait: lost replies are waited out often here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exchange, "FIXED_WAIT_S", 0.2)
        patch.setattr(link, "_QUIET_WAIT_S", 0.01)
        yield


@pytest.fixture(scope="module")
def links(bench: dict[str, Any], bench_bus: Bus, hurried: None) -> Iterator[dict[str, Link]]:
    opened = {name: _open(bench, bench_bus, name) for name in LINES}
    yield opened
    for one in opened.values():
        one.close()


@pytest.fixture(scope="module")
def right(links: dict[str, Link]) -> dict[str, dict[str, str]]:
    """The answers of an undisturbed bench."""
    return {
        name: {question: links[name].query(question) for question in line.questions}
        for name, line in LINES.items()
    }


def _open(bench: dict[str, Any], bus: Bus, name: str) -> Link:
    line = LINES[name]
    place = bench["instruments"][line.on][line.place]
    return _persistently(lambda: bus.open(place, instrument=name, framing=line.framing))


def _persistently(work: Callable[..., _T], *arguments: Any) -> _T:
    """Do it until it is done: on a busy computer a right answer may come after a hurried wait."""
    for _ in range(30):
        try:
            return work(*arguments)
        except InstrumentError:
            continue
    return work(*arguments)


def _strike(truth: Truth, on: str, fault: str, value: Any, **keys: Any) -> None:
    truth({"set": "fault", "value": {"fault": fault, "on": on, "value": value, **keys}})


def _wait_for_its_end(truth: Truth) -> None:
    end_s = time.monotonic() + 20.0
    while truth({"ask": "faults"})["faults"][-1]["state"] != "done":
        assert time.monotonic() < end_s


CASES = [
    (name, fault, value)
    for name in LINES
    for fault, values in ON_A_REPLY.items()
    for value in values
]


@pytest.mark.parametrize(("name", "fault", "value"), CASES)
def test_no_answer_is_taken_for_another(
    name: str,
    fault: str,
    value: Any,
    links: dict[str, Link],
    right: dict[str, dict[str, str]],
    truth: Truth,
) -> None:
    first, second, third = LINES[name].questions
    _strike(truth, LINES[name].on, fault, value, command=first)
    with suppress(InstrumentError):  # lost, and known to be lost
        assert links[name].query(first) == right[name][first]
    for question in (second, third, first):
        assert _persistently(links[name].query, question) == right[name][question]
    assert truth({"ask": "faults"})["faults"][-1]["struck"] == 1


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    name=st.sampled_from(sorted(LINES)),
    asked=st.lists(
        st.tuples(
            st.integers(0, 2),
            st.none()
            | st.sampled_from([(f, v) for f, values in ON_A_REPLY.items() for v in values]),
        ),
        min_size=2,
        max_size=5,
    ),
)
def test_any_sequence_of_faults_leaves_right_answers_or_none(
    name: str,
    asked: list[tuple[int, tuple[str, Any] | None]],
    links: dict[str, Link],
    right: dict[str, dict[str, str]],
    truth: Truth,
) -> None:
    line = LINES[name]
    for number, fault in asked:
        if fault is not None:
            # Any command is struck, those by which the link finds its way back too.
            _strike(truth, line.on, *fault)
        question = line.questions[number]
        with suppress(InstrumentError):
            assert links[name].query(question) == right[name][question]
    for question in line.questions:
        assert _persistently(links[name].query, question) == right[name][question]


@pytest.mark.parametrize("name", LINES)
def test_stalled_instrument_is_slow_and_costs_no_processor(
    name: str, links: dict[str, Link], right: dict[str, dict[str, str]], truth: Truth
) -> None:
    first, second, _ = LINES[name].questions
    _strike(truth, LINES[name].on, "stalled", True, for_s=20.0)
    before_s = time.thread_time()
    with pytest.raises(LinkTimeout):
        links[name].query(first)
    assert time.thread_time() - before_s < 0.1, "it was waited for in a busy loop"
    assert _persistently(links[name].query, second) == right[name][second]


@pytest.mark.parametrize("name", TCP)
def test_dead_peer_is_lost_and_costs_no_processor(
    name: str, links: dict[str, Link], right: dict[str, dict[str, str]], truth: Truth
) -> None:
    first, second, _ = LINES[name].questions
    _strike(truth, LINES[name].on, "power_off", True, command=first, for_s=6.0)
    before_s = time.thread_time()
    with pytest.raises(LinkLost, match="connection"):
        links[name].query(first)
    links[name].close()
    assert time.thread_time() - before_s < 0.1, "it was waited for in a busy loop"
    _wait_for_its_end(truth)
    assert _persistently(links[name].query, second) == right[name][second]


@pytest.mark.parametrize("name", ["pty", "socket"])
def test_instrument_that_starts_slowly_is_reached_later(
    name: str, bench: dict[str, Any], links: dict[str, Link], truth: Truth, bench_bus: Bus
) -> None:
    links[name].close()
    _strike(truth, LINES[name].on, "power_off", True, for_s=10.0)
    place = bench["instruments"][LINES[name].on]["resource"]
    with pytest.raises((LinkLost, LinkTimeout)):
        bench_bus.open(place, instrument=name, framing=LINES[name].framing)
    _wait_for_its_end(truth)
    again = _open(bench, bench_bus, name)
    assert again.identity == links[name].identity
    again.close()


@pytest.mark.parametrize("name", TCP)
def test_connection_closed_for_idleness_costs_no_reading(
    name: str, links: dict[str, Link], right: dict[str, dict[str, str]], truth: Truth
) -> None:
    question = LINES[name].questions[0]
    _persistently(links[name].query, question)
    resumed: list[str] = []
    links[name].resume = lambda: resumed.append(name)
    _strike(truth, LINES[name].on, "idle_close", 0.05, for_s=6.0)
    _wait_for_its_end(truth)
    assert links[name].query(question) == right[name][question]
    links[name].resume = lambda: None
    assert resumed == [name], "nobody looked whether it is the same instrument"


@pytest.mark.parametrize("name", ["pty", "vxi11", "scpi-socket"])
def test_another_instrument_at_the_same_place_is_refused(
    name: str, links: dict[str, Link], right: dict[str, dict[str, str]], truth: Truth
) -> None:
    line, question = LINES[name], LINES[name].questions[0]
    _persistently(links[name].query, question)
    _strike(truth, line.on, "dropped_connection", 0, command=question)
    _strike(truth, line.on, "other_instrument", "OTHER7", for_s=40.0)
    with pytest.raises(LinkLost):
        links[name].query(question)
    with pytest.raises(WrongInstrument, match=r"expected .*, found .*OTHER7") as refused:
        # Each look costs two questions; it is refused as long as it is there.
        links[name].query(question)
    assert refused.value.expected == links[name].identity
    assert _persistently(links[name].query, question) == right[name][question]


@pytest.mark.parametrize("name", LINES)
def test_threads_do_not_swap_answers(
    name: str, links: dict[str, Link], right: dict[str, dict[str, str]]
) -> None:
    swapped: list[str] = []
    _persistently(links[name].query, LINES[name].questions[0])

    def ask(question: str) -> None:
        for _ in range(100):
            answer = _persistently(links[name].query, question)
            if answer != right[name][question]:
                swapped.append(answer)

    threads = [threading.Thread(target=ask, args=(q,)) for q in LINES[name].questions[:2]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert swapped == []


@pytest.mark.parametrize("name", TCP)
def test_two_connections_get_their_own_answers(
    name: str,
    bench: dict[str, Any],
    bench_bus: Bus,
    links: dict[str, Link],
    right: dict[str, dict[str, str]],
) -> None:
    first, second, _ = LINES[name].questions
    other = _open(bench, bench_bus, name)
    for _ in range(20):
        assert _persistently(links[name].query, first) == right[name][first]
        assert _persistently(other.query, second) == right[name][second]
    other.close()


@pytest.mark.parametrize(
    ("name", "openings"), [("pty", 50), ("socket", 50), ("vxi11", 200), ("scpi-socket", 50)]
)
def test_nothing_is_left_of_many_openings(
    name: str, openings: int, bench: dict[str, Any], bench_bus: Bus, links: dict[str, Link]
) -> None:
    links[name].close()
    place = bench["instruments"][LINES[name].on][LINES[name].place]
    again = Link.to(bench_bus, place, name, LINES[name].framing)
    library: Any = pyvisa.ResourceManager("@py").visalib
    sessions = library.sessions
    _persistently(again.identify)
    again.close()
    before = (len(sessions), _open_files(), threading.active_count())
    for _ in range(openings):
        _persistently(again.query, LINES[name].questions[0])
        again.close()
    assert (len(sessions), _open_files(), threading.active_count()) == before


def _open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize("name", LINES)
@pytest.mark.filterwarnings("ignore::ResourceWarning")  # pyvisa-py forgets the socket it opened
def test_more_open_files_than_select_takes_are_refused_in_words(
    name: str, bench: dict[str, Any], bench_bus: Bus, links: dict[str, Link]
) -> None:
    links[name].close()
    place = bench["instruments"][LINES[name].on][LINES[name].place]
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limits[1] < 2048:
        pytest.skip("this computer lets nobody open so many files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (2048, limits[1]))
    taken = [os.dup(0)]
    try:
        while taken[-1] < 1024:
            taken.append(os.dup(0))
        with pytest.raises(LinkLost, match="more than 1023 files are open"):
            bench_bus.open(place, instrument=name, framing=LINES[name].framing)
    finally:
        for number in taken:
            os.close(number)
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        gc.collect()
