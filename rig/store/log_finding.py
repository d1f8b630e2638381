"""What a check of the log tells."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFinding:
    """One thing that is wrong: where in the log, and what."""

    where: str
    text: str
