"""The compiled loader: as much of cffi's two objects as the binding uses."""

from collections.abc import Callable
from typing import Final, TypeVar

_Hook = TypeVar("_Hook", bound=Callable[..., int])

class CData:
    """A value that C owns; a name for type checkers, absent at run time."""

    def __getitem__(self, index: int, /) -> int: ...

class _Ffi:
    """Makes and reads C values."""

    NULL: Final[CData]

    def new(self, ctype: str, init: dict[str, object] | None = None, /) -> CData: ...
    def from_buffer(self, ctype: str, content: bytes, /) -> CData: ...
    def buffer(self, cdata: CData, size: int, /) -> memoryview: ...
    def string(self, cdata: CData, /) -> bytes: ...
    def def_extern(self, *, error: int) -> Callable[[_Hook], _Hook]: ...

class _Lib:
    """What `ledcal_load.h` declares."""

    LEDCAL_MAX_KEYS: Final[int]
    LEDCAL_SIGNATURE_VALID: Final[int]
    LEDCAL_OK: Final[int]
    LEDCAL_ARG: Final[int]
    LEDCAL_CHANNEL: Final[int]
    LEDCAL_CEILING: Final[int]
    LEDCAL_TEMP: Final[int]

    def ledcal_open(self, file: CData, size: int, expect: CData, out: CData, /) -> int: ...
    def ledcal_check(self, cal: CData, /) -> int: ...
    def ledcal_drive(
        self, cal: CData, channel: int, irradiance: int, temperature: int, code: CData, /
    ) -> int: ...
    def ledcal_crc32(self, content: CData, size: int, /) -> int: ...
    def ledcal_error_name(self, err: int, /) -> CData: ...

ffi: _Ffi
lib: _Lib
