"""The panel's C loader, compiled for the host, and the format page beside it."""

from ledcal.calibration.firmware.loader import (
    ERROR_NAMES,
    Expectation,
    LoadedFile,
    LoaderError,
    crc32,
    error_name,
    open_file,
    round_irradiance,
    round_temperature,
)
from ledcal.calibration.firmware.slots import ERASED, SLOT_SIZE, Slots

__all__ = [
    "ERASED",
    "ERROR_NAMES",
    "SLOT_SIZE",
    "Expectation",
    "LoadedFile",
    "LoaderError",
    "Slots",
    "crc32",
    "error_name",
    "open_file",
    "round_irradiance",
    "round_temperature",
]
