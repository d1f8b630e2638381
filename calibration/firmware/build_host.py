"""Build the C loader for the host, as the extension `ledcal.calibration.firmware._host`.

Setuptools calls this when the package is built. What Python sees of the loader is read from its
own header, so that the binding cannot drift from the firmware.
"""

from pathlib import Path

from cffi import FFI

HEADER = Path(__file__).resolve().parent / "ledcal_load.h"


def interface(header: str) -> str:
    """Return the declarations of the header that cffi can read.

    Args:
        header: Text of `ledcal_load.h`.

    Raises:
        ValueError: The header has lost its two marks.
    """
    _, begins, rest = header.partition("/* interface begins")
    declarations, ends, _ = rest.partition("/* interface ends */")
    if not (begins and ends):
        raise ValueError(
            "ledcal_load.h: the comments 'interface begins' and 'interface ends' must stand "
            "around the declarations; put them back"
        )
    return declarations.partition("*/")[2]


ffibuilder = FFI()
ffibuilder.cdef(interface(HEADER.read_text(encoding="utf-8")))
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
    '#include "ledcal_load.h"',
    sources=["calibration/firmware/ledcal_load.c"],
    include_dirs=["calibration/firmware"],
    depends=["calibration/firmware/ledcal_load.h"],
)
