"""Errors of the calibration layer, as a tree.

CalibrationError
+-- EvaluationError   (ValueError)   indications from which no result can be computed
|   +-- OutsideCertificate           a value outside what a certificate covers
+-- FitError          (ValueError)   no admissible curve through the points
+-- FileError         (ValueError)   a calibration file that must not be loaded
+-- RecordError       (ValueError)   a journal or record that cannot be read
"""


class CalibrationError(Exception):
    """Base of everything that this layer raises on purpose."""


class EvaluationError(CalibrationError, ValueError):
    """The indications cannot give a result: saturated, missing, not finite, too few."""


class OutsideCertificate(EvaluationError):
    """A value lies outside the range that the instrument's certificate covers."""


class FitError(CalibrationError, ValueError):
    """No admissible calibration curve goes through the points."""


class RecordError(CalibrationError, ValueError):
    """A journal or record that cannot be read."""


class FileError(CalibrationError, ValueError):
    """A calibration file is refused.

    Attributes:
        code: The loader's number, -1 to -23, as in `firmware/FORMAT.md`.
        name: The loader's name of the error, "CRC" for example; the same in C and in the panel.
    """

    def __init__(self, code: int, name: str, detail: str) -> None:
        """Keep the loader's code and name beside the words for a person."""
        super().__init__(f"{name}: {detail}")
        self.code = code
        self.name = name
