"""What can go wrong while the virtual panel takes a file, beyond what its own loader refuses."""

from collections.abc import Callable
from dataclasses import dataclass

from ledcal.calibration.firmware import LoadedFile, LoaderError

LOAD_S = 0.5
"""Checking a file (Ed25519 on a small core) and writing the slot."""
_CRC, _SIGNATURE, _SIZE = -8, -10, -2


@dataclass(slots=True)
class Loading:
    """How the panel takes files; as it is made, it does so without fault.

    Attributes:
        commit_s: Bench time from the last byte to the answer.
        refused_loads: So many good files are refused, as if a part had been lost on the way.
        damaged_read_backs: So many files are read back with one bit wrong.
        head_after_load: Unique id that the panel says once it has taken a file; None for its own.
        file_check: "whole"; "no checksum": the CRC is never found wrong; "no refusal": what the
            loader refuses is not taken, and yet the panel says nothing of it.
    """

    commit_s: float = LOAD_S
    refused_loads: int = 0
    damaged_read_backs: int = 0
    head_after_load: bytes | None = None
    file_check: str = "whole"

    def opened(self, opener: Callable[[], LoadedFile]) -> LoadedFile | None:
        """Open a file; None for one that is neither taken nor refused.

        Raises:
            LoaderError: The panel refuses it.
        """
        try:
            loaded = opener()
        except LoaderError as error:
            if self.file_check == "no refusal":
                return None
            if self.file_check == "no checksum" and error.code == _CRC:
                # The signature is over the checksum too: it finds a wrong one out.
                raise LoaderError(_SIGNATURE, "the checksum was not looked at") from error
            raise
        if self.refused_loads:
            self.refused_loads -= 1
            raise LoaderError(_SIZE, "a part of the file is said to be missing")
        return loaded

    def head_after(self, uid: bytes) -> bytes:
        """Return whose head answers after a file was taken."""
        other, self.head_after_load = self.head_after_load, None
        return other or uid

    def read_back(self, file: bytes) -> bytes:
        """Return the file as it comes over the line."""
        if not file or not self.damaged_read_backs:
            return file
        self.damaged_read_backs -= 1
        return file[:-1] + bytes([file[-1] ^ 1])
