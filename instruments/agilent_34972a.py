"""Agilent 34972A, the forerunner of the Keysight DAQ970A, on the role of the logger."""

from typing import ClassVar

from ledcal.instruments.errors import ReplyError
from ledcal.instruments.thermocouple_logger import KeysightDAQ970A

_INSTALLED = "1"


class Agilent34972A(KeysightDAQ970A):
    """Agilent (Keysight) 34972A with type K thermocouples (34970A/34972A Command Reference).

    It scans by the same commands, which Keysight kept for the DAQ970A. Its multimeter is an
    option, and one that is absent or switched off leaves thermocouples unread. So it is asked for.
    """

    MODEL: ClassVar[str] = "34972A"

    def _configure(self) -> None:
        # Command Reference, INSTrument:DMM: without it no DMM-related configuration is allowed.
        for query in ("INST:DMM:INST?", "INST:DMM?"):
            reply = self._link.query(query)
            if reply != _INSTALLED:
                raise ReplyError(
                    f"{self._link}: answers {reply!r} to {query}: it has no multimeter that "
                    "works; fit the option or switch it on, or use another logger"
                )
        super()._configure()
