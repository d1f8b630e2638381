"""One channel's table of a calibration file: the integer look-up and the rules it must keep.

The same integers as the C loader's, by section "Look-up" of `firmware/FORMAT.md`: Python's own
unbounded ones, so that a mistake in the loader's fixed widths would show. The functions on arrays
do the same in 64 bits, which a table whose values fit their fields cannot exceed.
"""

from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ledcal.calibration.errors import FileError
from ledcal.calibration.panel_calibration import ChannelTable

MIN_POINTS: Final = 2
MAX_POINTS: Final = 16
U16_MAX: Final = (1 << 16) - 1
U32_MAX: Final = (1 << 32) - 1
MAX_IRRADIANCE: Final = 1_000_000
"""Largest irradiance of a table. [0.01 W/m2]"""

IntArray = NDArray[np.int64]

_NAMES: Final = (
    "OK ARG SIZE MAGIC VERSION LAYOUT RESERVED FLAGS CRC KEY SIGNATURE UID PRODUCT EPOCH GEOMETRY"
    " BOARD SEQ HOURS TABLE CORRECTION CHANNEL CEILING RANGE TEMP"
).split()
_ONE: Final = 1 << 30


def refusal(name: str, detail: str) -> FileError:
    """Return the error of that name, with the loader's number."""
    return FileError(-_NAMES.index(name), name, detail)


def require_range(field: str, value: int, low: int, high: int, name: str = "ARG") -> None:
    """Refuse a value outside its limits, saying both.

    Raises:
        FileError: Of the given name.
    """
    if not low <= value <= high:
        raise refusal(name, f"{field} {value}: must be {low} to {high}")


def correction(table: ChannelTable, temperature: int) -> int:
    """Return the reciprocal temperature correction c(t). [2^-30]

    Args:
        table: The channel.
        temperature: Head temperature. [1/256 degC]
    """
    dt = temperature - table.t_ref
    return _ONE + table.b1 * dt + (table.b2 * dt >> 16) * dt


def corrections(table: ChannelTable) -> IntArray:
    """Return c(t) for every temperature from t_min to t_max. [2^-30]"""
    dt = np.arange(table.t_min, table.t_max + 1, dtype=np.int64) - table.t_ref
    return np.asarray(_ONE + table.b1 * dt + (table.b2 * dt >> 16) * dt, dtype=np.int64)


def lookup(table: ChannelTable, irradiance: int, temperature: int) -> int:
    """Return the drive code for a request, by the integers of `firmware/FORMAT.md`.

    Args:
        table: The channel.
        irradiance: Request. [0.01 W/m2]
        temperature: Head temperature. [1/256 degC]

    Raises:
        FileError: CEILING, TEMP or RANGE; the panel is then dark. ARG for a negative request.
    """
    if irradiance < 0:
        raise refusal("ARG", f"request {irradiance / 100} W/m2: must be 0 or more")
    if irradiance == 0:
        return 0
    if irradiance > table.ceiling:
        raise refusal(
            "CEILING",
            f"request {irradiance / 100} W/m2 is above the ceiling of {table.ceiling / 100} W/m2",
        )
    if not table.t_min <= temperature <= table.t_max:
        raise refusal(
            "TEMP",
            f"{temperature / 256} degC is outside {table.t_min / 256} to {table.t_max / 256} degC",
        )
    x = irradiance * correction(table, temperature) + _ONE // 2 >> 30
    low, high = table.irradiance[0], table.irradiance[-1]
    if not low <= x <= high:
        raise refusal(
            "RANGE", f"{x / 100} W/m2 corrected is outside {low / 100} to {high / 100} W/m2"
        )
    i = next(i for i in range(1, len(table.irradiance)) if x <= table.irradiance[i])
    below, de = table.irradiance[i - 1], table.irradiance[i] - table.irradiance[i - 1]
    base, dd = table.drive[i - 1], table.drive[i] - table.drive[i - 1]
    return base + ((x - below) * dd + de // 2) // de


def lookup_codes(table: ChannelTable, irradiance: IntArray, temperature: IntArray) -> IntArray:
    """Return the drive codes for many requests, shape (n,); each as `lookup` would.

    Args:
        table: The channel; its values fit their fields.
        irradiance: Requests, above 0, shape (n,). [0.01 W/m2]
        temperature: Head temperatures, shape (n,). [1/256 degC]

    Raises:
        FileError: Of the first request that `lookup` refuses.
    """
    knots, drive = np.array(table.irradiance), np.array(table.drive)
    within = (irradiance > 0) & (irradiance <= table.ceiling)
    within &= (temperature >= table.t_min) & (temperature <= table.t_max)
    x = np.zeros_like(irradiance)
    c = corrections(table)[temperature[within] - table.t_min]
    x[within] = irradiance[within] * c + _ONE // 2 >> 30
    served = within & (x >= knots[0]) & (x <= knots[-1])
    if not np.all(served):
        refused = int(np.argmin(served))
        lookup(table, int(irradiance[refused]), int(temperature[refused]))
        raise refusal("ARG", f"request {irradiance[refused] / 100} W/m2: must be above 0")
    i = np.maximum(np.searchsorted(knots, x), 1)
    de, dd = knots[i] - knots[i - 1], drive[i] - drive[i - 1]
    return np.asarray(drive[i - 1] + ((x - knots[i - 1]) * dd + de // 2) // de, dtype=np.int64)


def check_fields(table: ChannelTable, channel: int, n_points: int) -> None:
    """Check that every value fits its field in the file.

    Args:
        table: The table.
        channel: The channel number that its place in the file gives it.
        n_points: Points that every channel of the file has.

    Raises:
        FileError: LAYOUT or ARG.
    """
    where = f"channel {channel}"
    for field, knots in (("irradiance", table.irradiance), ("drive", table.drive)):
        require_range(f"{where}: points of {field}", len(knots), n_points, n_points, "LAYOUT")
    # Strictly rising knots, checked later, make the limits of the ends those of all.
    require_range(f"{where}: first irradiance", table.irradiance[0], 0, U32_MAX)
    require_range(f"{where}: first drive", table.drive[0], 0, U16_MAX)
    require_range(f"{where}: last drive", table.drive[-1], 0, U16_MAX)
    require_range(f"{where}: centroid_dnm", table.centroid_dnm, 0, U16_MAX)
    require_range(f"{where}: u_rel", table.u_rel, 0, U16_MAX)
    for field, t in (("t_ref", table.t_ref), ("t_min", table.t_min), ("t_max", table.t_max)):
        require_range(f"{where}: {field}", t, -(1 << 15), (1 << 15) - 1)
    for field, b in (("b1", table.b1), ("b2", table.b2)):
        require_range(f"{where}: {field}", b, -(1 << 31), (1 << 31) - 1)


def check_table(table: ChannelTable, channel: int) -> None:
    """Check that a table makes sense: the loader's step 7.

    Args:
        table: The table.
        channel: The channel number that its place in the file gives it.

    Raises:
        FileError: TABLE or CORRECTION.
    """
    where, last = f"channel {channel}", table.irradiance[-1]
    require_range(f"{where}: id", table.channel, channel, channel, "TABLE")
    require_range(f"{where}: t_ref", table.t_ref, table.t_min, table.t_max, "TABLE")
    require_range(f"{where}: last irradiance", last, 1, MAX_IRRADIANCE, "TABLE")
    require_range(f"{where}: ceiling", table.ceiling, 1, last, "TABLE")
    for field, knots in (("irradiance", table.irradiance), ("drive", table.drive)):
        for below, above in pairwise(knots):
            if above <= below:
                raise refusal(
                    "TABLE", f"{where}: {field} {above} follows {below}: must rise strictly"
                )
    c = corrections(table)
    wrong = (c < _ONE // 2) | (c >= 2 * _ONE)
    if np.any(wrong):
        first = int(np.argmax(wrong))
        raise refusal(
            "CORRECTION",
            f"{where}: correction {c[first] / _ONE:.6g} at {(table.t_min + first) / 256} degC: "
            "must be 0.5 to below 2",
        )


def check_served(table: ChannelTable) -> None:
    """Check that no request up to the ceiling leaves the table at the top, however hot.

    The loader does not ask for it: it is the writer's promise.

    Raises:
        FileError: RANGE.
    """
    last, c = table.irradiance[-1], corrections(table)
    beyond = table.ceiling * c > last * _ONE
    if np.any(beyond):
        first = int(np.argmax(beyond))
        raise refusal(
            "RANGE",
            f"channel {table.channel}: ceiling {table.ceiling / 100} W/m2 needs more than the "
            f"table's last {last / 100} W/m2 at {(table.t_min + first) / 256} degC; lower the "
            f"ceiling to {last * _ONE // int(c[first]) / 100} W/m2",
        )
