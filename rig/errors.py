"""Errors of the rig; each knows the outcome of the run that it ends.

RigError
+-- RefusedInput (ValueError)   a file or argument that a user wrote: USAGE, before any light
+-- SetupError   (RuntimeError) mendable at the bench: cap, lid, label: SETUP
+-- StationError (RuntimeError) instrument, certificate, disk: STATION
+-- PanelError   (RuntimeError) the panel itself: FAIL
+-- PanelLost    (RuntimeError) the panel restarted or fell silent: ABORTED
+-- OnHold                      an engineer must look at it before it can go on: INCONCLUSIVE
+-- AwaitingSignature           somebody must review and sign before it can go on: ABORTED
"""

from typing import ClassVar

from ledcal.calibration.outcome import Outcome


class RigError(Exception):
    """Base of the rig's errors.

    Attributes:
        outcome: What a run that meets this error ends as.
        code: Short name of the cause, for counting; the text is for people.
    """

    outcome: ClassVar[Outcome] = Outcome.ABORTED

    def __init__(self, code: str, text: str) -> None:
        """Keep the code beside the words."""
        super().__init__(text)
        self.code = code
        self.text = text


class RefusedInput(RigError, ValueError):
    """A file or an argument is refused; nothing was lit."""

    outcome = Outcome.USAGE


class SetupError(RigError, RuntimeError):
    """The operator can mend it at the bench; the panel is not judged."""

    outcome = Outcome.SETUP


class StationError(RigError, RuntimeError):
    """The station cannot measure; the panel is not judged."""

    outcome = Outcome.STATION


class PanelError(RigError, RuntimeError):
    """The panel does not do what its protocol or its safety asks."""

    outcome = Outcome.FAIL


class PanelLost(RigError, RuntimeError):
    """The panel restarted or no longer answers: at what level it shines is not known."""


class OnHold(RigError):
    """A result differs from an earlier one; an engineer says what to believe."""

    outcome = Outcome.INCONCLUSIVE


class AwaitingSignature(RigError):
    """The calibration is written; its file is signed after review, by somebody else."""
