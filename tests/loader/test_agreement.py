"""C and Python give the same answer to whatever is asked."""

from collections.abc import Callable
from dataclasses import replace

import hypothesis.strategies as st
from hypothesis import assume, given, settings

from ledcal.calibration import codec
from ledcal.calibration.errors import FileError
from ledcal.calibration.firmware import Expectation, LoadedFile, LoaderError, open_file
from ledcal.calibration.lookup import correction
from ledcal.calibration.panel_calibration import ChannelTable, PanelCalibration

HALF = 1 << 29


def rising(low: int, high: int, length: int) -> st.SearchStrategy[tuple[int, ...]]:
    return st.sets(st.integers(low, high), min_size=length, max_size=length).map(
        lambda values: tuple(sorted(values))
    )


@st.composite
def tables(draw: st.DrawFn, channel: int, n_points: int) -> ChannelTable:
    """Any table that the loader accepts and that serves every request up to its ceiling."""
    t_ref = draw(st.integers(-0x8000, 0x7FFF))
    t_min = draw(st.integers(max(-0x8000, t_ref - 700), t_ref))
    t_max = draw(st.integers(t_ref, min(0x7FFF, t_ref + 700)))
    far = max(t_ref - t_min, t_max - t_ref, 1)
    b1 = draw(st.integers(-(HALF // 2) // far, HALF // 2 // far))
    most = min(0x7FFF_FFFF, (HALF // 4 << 16) // far**2)
    b2 = draw(st.integers(-most, most))
    # The second half of the table is out of reach when c(t) is largest, so E[last] starts at 2.
    irradiance = draw(rising(2, 1_000_000, n_points))
    table = ChannelTable(
        channel=channel,
        centroid_dnm=draw(st.integers(0, 0xFFFF)),
        t_ref=t_ref,
        t_min=t_min,
        t_max=t_max,
        u_rel=draw(st.integers(0, 0xFFFF)),
        ceiling=1,
        b1=b1,
        b2=b2,
        irradiance=irradiance,
        drive=draw(rising(0, 0xFFFF, n_points)),
    )
    largest = max(correction(table, t) for t in range(t_min, t_max + 1))
    served = (irradiance[-1] << 30) // largest
    return replace(table, ceiling=draw(st.integers(1, served)))


@st.composite
def calibrations(
    draw: st.DrawFn,
    table: Callable[[int, int], st.SearchStrategy[ChannelTable]] = tables,
) -> PanelCalibration:
    n_channels, n_points = draw(st.integers(1, 8)), draw(st.integers(2, 16))
    word, half = st.integers(0, 0xFFFF_FFFF), st.integers(0, 0xFFFF)
    measured, valid = sorted((draw(word), draw(word)))
    return PanelCalibration(
        flags=draw(st.integers(0, 3)),
        uid=draw(st.binary(min_size=16, max_size=16)),
        serial=draw(
            st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=16)
        ),
        product_code=draw(word),
        hardware_revision=draw(half),
        drive_epoch=draw(word),
        sequence=draw(st.integers(1, 0xFFFF_FFFF)),
        issued_at=draw(st.integers(0, (1 << 64) - 1)),
        valid_until_hours=valid,
        hours_at_calibration=measured,
        record_sha256=draw(st.binary(min_size=32, max_size=32)),
        distance_mm=draw(half),
        geometry_id=draw(half),
        channels=tuple(draw(table(number, n_points)) for number in range(1, n_channels + 1)),
    )


def board_of(calibration: PanelCalibration, public_key: bytes) -> Expectation:
    return Expectation(
        uid=calibration.uid,
        product_code=calibration.product_code,
        hardware_revision=calibration.hardware_revision,
        drive_epoch=calibration.drive_epoch,
        distance_mm=calibration.distance_mm,
        geometry_id=calibration.geometry_id,
        n_channels=len(calibration.channels),
        highest_sequence=calibration.sequence - 1,
        file_in_use=None,
        on_hours=calibration.valid_until_hours,
        allowed_flags=calibration.flags,
        public_keys=(public_key,),
    )


def temperatures(table: ChannelTable) -> list[int]:
    """Both ends, the middle and the first ones outside, as far as the C type holds them."""
    edges = (table.t_min - 1, table.t_min, table.t_ref, table.t_max, table.t_max + 1)
    return [t for t in edges if -0x8000 <= t <= 0x7FFF]


def c_answer(loaded: LoadedFile, channel: int, irradiance: int, temperature: int) -> int | str:
    try:
        return loaded.drive(channel, irradiance, temperature)
    except LoaderError as error:
        return error.name


def python_answer(table: ChannelTable, irradiance: int, temperature: int) -> int | str:
    try:
        return codec.lookup(table, irradiance, temperature)
    except FileError as error:
        return error.name


@settings(max_examples=60, deadline=None)
@given(calibration=calibrations(), asked=st.data())
def test_what_is_written_is_what_both_read(
    calibration: PanelCalibration,
    asked: st.DataObject,
    sign: Callable[[PanelCalibration], bytes],
    public_key: bytes,
) -> None:
    file = sign(calibration)
    decoded = codec.decode(file)
    assert decoded.calibration == calibration
    assert decoded.key_id == codec.key_id(public_key)
    loaded = open_file(file, board_of(calibration, public_key))
    assert loaded.sequence == calibration.sequence
    for table in calibration.channels:
        for irradiance in (0, 1, *table.irradiance, table.ceiling, table.ceiling + 1):
            for t in temperatures(table):
                assert c_answer(loaded, table.channel, irradiance, t) == python_answer(
                    table, irradiance, t
                )
        irradiance = asked.draw(st.integers(0, table.ceiling))
        t = asked.draw(st.integers(table.t_min, table.t_max))
        assert c_answer(loaded, table.channel, irradiance, t) == python_answer(
            table, irradiance, t
        )


@st.composite
def small_tables(draw: st.DrawFn, channel: int, n_points: int) -> ChannelTable:
    """A table of few requests and temperatures, with any coefficients that it may have."""
    table = draw(tables(channel, n_points))
    t_ref = draw(st.integers(-0x8000, 0x7FFF))
    t_min = max(-0x8000, t_ref - draw(st.integers(0, 3)))
    t_max = min(0x7FFF, t_ref + draw(st.integers(0, 3)))
    small = replace(
        table,
        t_ref=t_ref,
        t_min=t_min,
        t_max=t_max,
        b1=draw(st.integers(-(1 << 27), 1 << 27)),
        b2=draw(st.integers(-(1 << 31), (1 << 31) - 1)),
        irradiance=draw(rising(0, 40, n_points)),
    )
    corrections = [correction(small, t) for t in range(t_min, t_max + 1)]
    served = (small.irradiance[-1] << 30) // max(corrections)
    assume(served > 0 and HALF <= min(corrections) and max(corrections) < 4 * HALF)
    return replace(small, ceiling=served)


@settings(max_examples=60, deadline=None)
@given(calibration=calibrations(small_tables))
def test_every_request_of_a_small_table(
    calibration: PanelCalibration, sign: Callable[[PanelCalibration], bytes], public_key: bytes
) -> None:
    loaded = open_file(sign(calibration), board_of(calibration, public_key))
    for table in calibration.channels:
        for t in range(max(-0x8000, table.t_min - 1), min(0x7FFF, table.t_max + 1) + 1):
            for irradiance in range(table.ceiling + 2):
                asked = (irradiance, t)
                assert c_answer(loaded, table.channel, *asked) == python_answer(table, *asked)


@settings(max_examples=40, deadline=None)
@given(calibration=calibrations(), asked=st.data())
def test_the_look_up_rises_and_serves_up_to_the_ceiling(
    calibration: PanelCalibration, asked: st.DataObject
) -> None:
    for table in calibration.channels:
        t = asked.draw(st.integers(table.t_min, table.t_max))
        low, high = sorted(asked.draw(st.tuples(*[st.integers(1, table.ceiling)] * 2)))
        answers = [python_answer(table, irradiance, t) for irradiance in (low, high)]
        assert set(answers) & {"CEILING", "TEMP"} == set()
        codes = [code for code in answers if isinstance(code, int)]
        assert codes == sorted(codes)
        if "RANGE" in answers:  # below the first knot, never above the last
            assert low * correction(table, t) + HALF >> 30 < table.irradiance[0]


@settings(max_examples=300, deadline=None)
@given(
    edits=st.lists(
        st.tuples(st.integers(0, 315 - 68), st.integers(0, 255)), min_size=1, max_size=4
    )
)
def test_signed_nonsense_has_one_name(
    edits: list[tuple[int, int]],
    file: bytes,
    board: Expectation,
    seal: Callable[[bytes], bytes],
    c_name: Callable[[bytes, Expectation], str],
    python_name: Callable[[bytes, tuple[bytes, ...]], str],
) -> None:
    content = bytearray(file)
    for at, value in edits:
        content[at] = value
    nonsense = seal(bytes(content))
    by_board = {"UID", "PRODUCT", "EPOCH", "GEOMETRY", "BOARD", "SEQ", "HOURS"}
    in_c, in_python = c_name(nonsense, board), python_name(nonsense, board.public_keys)
    assert in_c == in_python or in_c in by_board or (in_c, in_python) == ("FLAGS", "OK")
