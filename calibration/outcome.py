"""The verdict on one result and the outcome of a whole run."""

from enum import StrEnum


class Verdict(StrEnum):
    """What is said of one result; it is earned, never assumed."""

    PASS = "PASS"
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"


class Outcome(StrEnum):
    """What is said of a run; each has its own exit code."""

    PASS = "PASS"
    FAIL = "FAIL"
    USAGE = "USAGE"
    SETUP = "SETUP"
    STATION = "STATION"
    ABORTED = "ABORTED"
    INCONCLUSIVE = "INCONCLUSIVE"

    @property
    def exit_code(self) -> int:
        """Exit code of the command that ends so."""
        return _EXIT_CODES[self]

    @property
    def meaning(self) -> str:
        """One sentence for the person at the bench."""
        return _MEANINGS[self]


_EXIT_CODES = {
    Outcome.PASS: 0,
    Outcome.FAIL: 1,
    Outcome.USAGE: 2,
    Outcome.SETUP: 3,
    Outcome.STATION: 4,
    Outcome.ABORTED: 5,
    Outcome.INCONCLUSIVE: 6,
}
_MEANINGS = {
    Outcome.PASS: "The panel is calibrated and delivers what it is asked for.",
    Outcome.FAIL: "The panel is out of its limits.",
    Outcome.USAGE: "The command or a file was refused; nothing was lit.",
    Outcome.SETUP: "The set-up is wrong and can be mended at the bench; the panel is not judged.",
    Outcome.STATION: "The station cannot measure; the panel is not judged.",
    Outcome.ABORTED: "The run did not come to its end; the panel is not judged.",
    Outcome.INCONCLUSIVE: "A result is too near a limit, or not what it was before; nothing is claimed.",
}
