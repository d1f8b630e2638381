"""One exchange that an independent client has with an emulated instrument."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A row of the table.

    Attributes:
        client: Who speaks: a driver or a tool by name.
        version: Its version.
        instrument: Role that it speaks to, as the bench's ready line names it.
        exchange: What it does, in words.
        result: `ok`, `FAILED`, or `not run` where an optional client cannot be had here.
        detail: Why it failed or was not run; nothing otherwise.
    """

    client: str
    version: str
    instrument: str
    exchange: str
    result: Literal["ok", "FAILED", "not run"]
    detail: str = ""
