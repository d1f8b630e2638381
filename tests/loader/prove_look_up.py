"""C and Python over more requests than an ordinary test run has time for."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random

from ledcal.calibration import codec
from ledcal.calibration.errors import FileError
from ledcal.calibration.firmware import Expectation, LoadedFile, error_name, open_file
from ledcal.calibration.firmware._host import ffi, lib
from ledcal.calibration.panel_calibration import ChannelTable, PanelCalibration

Proves = Callable[[str, int], None]
Sign = Callable[[PanelCalibration], bytes]


def c_and_python(
    loaded: LoadedFile, table: ChannelTable, requests: Iterator[tuple[int, int]]
) -> int:
    """Compare both on every request (irradiance, temperature); return how many there were."""
    # straight to C: the binding's own checks would cost more than the look-up
    handle, code = loaded._handle, ffi.new("uint16_t *")  # noqa: SLF001
    compared = 0
    for irradiance, t in requests:
        err = lib.ledcal_drive(handle, table.channel, irradiance, t, code)
        try:
            expected: int | str = codec.lookup(table, irradiance, t)
        except FileError as error:
            expected = error.name
        assert (error_name(err) if err else code[0]) == expected, (table, irradiance, t)
        compared += 1
    return compared


def any_table(random: Random, channel: int, n_points: int) -> ChannelTable:
    """Return a table with any knots, half of the time a realistic one."""
    t_ref = random.randint(-2000, 12000)
    reach = random.choice([10, 1000, 12000])
    bound = (1 << 27) // reach
    return ChannelTable(
        channel=channel,
        centroid_dnm=6300,
        t_ref=t_ref,
        t_min=t_ref - random.randint(0, reach),
        t_max=t_ref + random.randint(0, reach),
        u_rel=300,
        ceiling=1,
        b1=random.randint(-bound, bound),
        b2=random.randint(*((-bound, bound) if reach > 10 else (-(1 << 31), (1 << 31) - 1))),
        irradiance=tuple(
            sorted(random.sample(range(random.choice([40, 20000, 10**6])), n_points))
        ),
        drive=tuple(sorted(random.sample(range(1 << 16), n_points))),
    )


def with_ceiling(table: ChannelTable) -> ChannelTable | None:
    """Return the table with the highest ceiling that it serves, None when it serves nothing."""
    corrections = [codec.correction(table, t) for t in range(table.t_min, table.t_max + 1)]
    served = (table.irradiance[-1] << 30) // max(corrections)
    usable = served > 0 and 1 << 29 <= min(corrections) and max(corrections) < 1 << 31
    return replace(table, ceiling=served) if usable else None


def test_a_million_requests(
    calibration: PanelCalibration, board: Expectation, sign: Sign, proves: Proves
) -> None:
    random = Random(4)
    compared = 0
    while compared < 1_000_000:
        table = with_ceiling(any_table(random, 1, random.randint(2, 16)))
        if table is None:
            continue
        file = sign(replace(calibration, channels=(table,)))
        loaded = open_file(file, replace(board, n_channels=1))
        edges = [*table.irradiance, table.ceiling, table.ceiling + 1]
        compared += c_and_python(
            loaded,
            table,
            (
                (
                    random.choice(edges) if n % 8 == 0 else random.randint(0, table.ceiling),
                    random.randint(max(table.t_min - 1, -0x8000), table.t_max + 1),
                )
                for n in range(20_000)
            ),
        )
    proves("look-ups equal to Python's", compared)


def test_every_request_of_small_tables(
    calibration: PanelCalibration, board: Expectation, sign: Sign, proves: Proves
) -> None:
    random = Random(5)
    compared = 0
    for _ in range(200):
        n_points = random.randint(2, 16)
        table = with_ceiling(
            replace(
                any_table(random, 1, n_points),
                irradiance=tuple(sorted(random.sample(range(60), n_points))),
                t_ref=6400,
                t_min=6400 - random.randint(0, 12),
                t_max=6400 + random.randint(0, 12),
                b1=random.randint(-(1 << 24), 1 << 24),
                b2=random.randint(-(1 << 31), (1 << 31) - 1),
            )
        )
        if table is None:
            continue
        file = sign(replace(calibration, channels=(table,)))
        loaded = open_file(file, replace(board, n_channels=1))
        compared += c_and_python(
            loaded,
            table,
            (
                (irradiance, t)
                for irradiance in range(table.ceiling + 2)
                for t in range(table.t_min - 1, table.t_max + 2)
            ),
        )
    proves("every request of small tables", compared)
