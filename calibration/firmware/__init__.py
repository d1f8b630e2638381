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

__all__ = [
    "ERROR_NAMES",
    "Expectation",
    "LoadedFile",
    "LoaderError",
    "crc32",
    "error_name",
    "open_file",
    "round_irradiance",
    "round_temperature",
]
