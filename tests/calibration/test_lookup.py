"""The look-up on arrays gives, and refuses, what the one by Python's own integers does."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledcal.calibration.errors import FileError
from ledcal.calibration.lookup import (
    check_served,
    check_table,
    correction,
    corrections,
    lookup,
    lookup_codes,
)
from ledcal.calibration.panel_calibration import ChannelTable

ONE = 1 << 30


@st.composite
def tables(draw: st.DrawFn) -> ChannelTable:
    """Any table that the loader accepts, up to the largest values of its fields."""
    count = draw(st.integers(2, 16))
    knots = st.lists(st.integers(0, 1_000_000), min_size=count, max_size=count, unique=True)
    codes = st.lists(st.integers(0, 65535), min_size=count, max_size=count, unique=True)
    irradiance = sorted(draw(knots))
    t_min, t_ref, t_max = sorted(draw(st.tuples(*[st.integers(-14080, 32000)] * 3)))
    widest = max(t_ref - t_min, t_max - t_ref, 1)
    b1 = draw(st.integers(-ONE // 5 // widest, ONE // 5 // widest))
    b2_most = min((1 << 31) - 1, (ONE // 5 << 16) // widest**2)
    return ChannelTable(
        channel=1,
        centroid_dnm=8550,
        t_ref=t_ref,
        t_min=t_min,
        t_max=t_max,
        u_rel=250,
        ceiling=draw(st.integers(1, irradiance[-1])),
        b1=b1,
        b2=draw(st.integers(-b2_most, b2_most)),
        irradiance=tuple(irradiance),
        drive=tuple(sorted(draw(codes))),
    )


def _answer(table: ChannelTable, request: int, temperature: int) -> int | str:
    try:
        return lookup(table, request, temperature)
    except FileError as error:
        return str(error)


@settings(max_examples=200)
@given(table=tables(), data=st.data())
def test_arrays_give_what_single_requests_give(table: ChannelTable, data: st.DataObject) -> None:
    requests = data.draw(st.lists(st.integers(1, table.ceiling), min_size=1, max_size=20))
    temperatures = data.draw(
        st.lists(
            st.integers(table.t_min, table.t_max), min_size=len(requests), max_size=len(requests)
        )
    )
    answers = [_answer(table, *pair) for pair in zip(requests, temperatures, strict=True)]
    refused = [answer for answer in answers if isinstance(answer, str)]
    arrays = np.array(requests), np.array(temperatures)
    if refused:
        with pytest.raises(FileError) as error:
            lookup_codes(table, *arrays)
        assert str(error.value) == refused[0]
    else:
        assert lookup_codes(table, *arrays).tolist() == answers


@settings(max_examples=20)
@given(table=tables())
def test_the_corrections_are_those_of_each_temperature(table: ChannelTable) -> None:
    every = corrections(table).tolist()
    assert every == [correction(table, t) for t in range(table.t_min, table.t_max + 1)]


TABLE = ChannelTable(
    channel=3,
    centroid_dnm=8550,
    t_ref=10240,
    t_min=5120,
    t_max=14080,
    u_rel=250,
    ceiling=9000,
    b1=20000,
    b2=9000,
    irradiance=(1000, 10000),
    drive=(6000, 65535),
)


@pytest.mark.parametrize(
    ("request_", "temperature", "words"),
    [
        (0, 10240, "ARG: request 0.0 W/m2: must be above 0"),
        (-1, 10240, "ARG: request -0.01 W/m2"),
        (9001, 10240, "CEILING"),
        (500, 10240, "RANGE"),
        (5000, 5119, "TEMP"),
        (5000, 14081, "TEMP"),
    ],
)
def test_the_first_refused_request_is_told(request_: int, temperature: int, words: str) -> None:
    with pytest.raises(FileError, match=words):
        lookup_codes(TABLE, np.array([5000, request_]), np.array([10240, temperature]))


def test_the_first_temperature_beyond_a_rule_is_told() -> None:
    hot = ChannelTable(**{f: getattr(TABLE, f) for f in TABLE.__slots__} | {"b1": 400_000})
    with pytest.raises(FileError, match=r"CORRECTION: channel 3: correction .* at 20.0 degC"):
        check_table(hot, 3)
    low = ChannelTable(**{f: getattr(TABLE, f) for f in TABLE.__slots__} | {"ceiling": 9900})
    with pytest.raises(FileError, match=r"RANGE: channel 3: ceiling 99.0 W/m2 .* lower the"):
        check_served(low)
