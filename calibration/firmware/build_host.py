"""Build the C loader for the host, as the extension `ledcal.calibration.firmware._host`.

Setuptools calls this when the package is built. What Python sees of the loader is read from its
own headers, so that the binding cannot drift from the firmware.
"""

from pathlib import Path

from cffi import FFI

FOLDER = Path(__file__).resolve().parent
SOURCES = ("ledcal_load", "ledcal_slots")


def interface(name: str) -> str:
    """Return the declarations of a header that cffi can read.

    Args:
        name: "ledcal_load" for `ledcal_load.h`.

    Raises:
        ValueError: The header has lost its two marks.
    """
    header = (FOLDER / f"{name}.h").read_text(encoding="utf-8")
    _, begins, rest = header.partition("/* interface begins")
    declarations, ends, _ = rest.partition("/* interface ends */")
    if not (begins and ends):
        raise ValueError(
            f"{name}.h: the comments 'interface begins' and 'interface ends' must stand around "
            "the declarations; put them back"
        )
    return declarations.partition("*/")[2]


ffibuilder = FFI()
for source in SOURCES:
    ffibuilder.cdef(interface(source))
# The firmware's link-time hook: on the host it is a Python function. "+C" gives it the plain C
# name that ledcal_load.c calls.
ffibuilder.cdef(
    """
    extern "Python+C" int ledcal_ed25519_verify(const uint8_t *signature,
                                                const uint8_t *public_key,
                                                const uint8_t *message, uint32_t size);
    """
)
# Paths from the project's root, where setuptools runs: it takes no absolute ones.
ffibuilder.set_source(
    "ledcal.calibration.firmware._host",
    '#include "ledcal_slots.h"',
    sources=[f"calibration/firmware/{source}.c" for source in SOURCES],
    include_dirs=["calibration/firmware"],
    depends=[f"calibration/firmware/{source}.h" for source in SOURCES],
)
