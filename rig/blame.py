"""What a panel does by itself, as what it means for the run: its own fault, or nobody knows."""

from collections.abc import Iterator
from contextlib import contextmanager

from ledcal.instruments.errors import LinkLost, LinkTimeout, NotDark, PanelTripped
from ledcal.instruments.panel import Panel
from ledcal.rig.errors import PanelError, PanelLost
from ledcal.rig.rework import to_quarantine, to_rework


@contextmanager
def blamed(panel: Panel) -> Iterator[None]:
    """Turn a panel's trips and its silence into the errors of a run.

    Args:
        panel: Asked to be dark when a link failed: it is the panel's when it cannot say so.

    Raises:
        PanelError: Its fan or its temperature made it dark.
        PanelLost: It restarted, or cannot be shown to be dark.
    """
    try:
        try:
            yield
        except (LinkTimeout, LinkLost):
            panel.dark()
            raise
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
                "the panel restarted while it was measured, and at what level it shone is not "
                "known: check its supply and start again; if it does so again: "
                f"{to_quarantine('RESTART')} ({error})",
            ) from error
        raise
    except NotDark as error:
        raise PanelLost(
            "PANEL_SILENT",
            "the panel no longer answers, and its own watchdog makes it dark: see that it is, "
            "take it off the mains, check its cable and start again; if it does so again: "
            f"{to_quarantine('SILENT')} ({error})",
        ) from error
