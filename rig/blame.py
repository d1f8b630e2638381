"""What a panel does by itself, as what it means for the run: its own fault, or nobody knows."""

from collections.abc import Iterator
from contextlib import contextmanager

from ledcal.instruments.errors import NotDark, PanelTripped
from ledcal.rig.errors import PanelError, PanelLost
from ledcal.rig.rework import to_quarantine, to_rework


@contextmanager
def blamed() -> Iterator[None]:
    """Turn a panel's trips and its silence into the errors of a run.

    Raises:
        PanelError: Its fan or its temperature made it dark.
        PanelLost: It restarted, or cannot be shown to be dark.
    """
    try:
        yield
    except PanelTripped as error:
        if error.cause == "fan stalled":
            raise PanelError(
                "FAN_STALLED", f"{error}; free or replace the fan; {to_rework('FAN')}"
            ) from error
        if error.cause == "over temperature":
            raise PanelError(
                "TOO_HOT", f"{error}; check fan and heatsink; {to_rework('HEAT')}"
            ) from error
        if error.cause == "rebooted":
            raise PanelLost(
                "PANEL_RESTARTED",
                f"{error}: it restarted while it was measured, and nothing that follows would be "
                "known; check its supply and start again; if it does so again: "
                f"{to_quarantine('RESTART')}",
            ) from error
        raise
    except NotDark as error:
        raise PanelLost(
            "PANEL_SILENT",
            f"{error}; the panel no longer answers, and its own watchdog makes it dark; see that "
            "it is, take it off the mains, check its cable and start again; if it does so again: "
            f"{to_quarantine('SILENT')}",
        ) from error
