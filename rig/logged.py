"""What somebody did to a data folder, entered into its log: the one way for all that is no run."""

import os
import pwd
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rfc8785 import CanonicalizationError

from ledcal.calibration.log_proof import LogProof
from ledcal.rig.errors import RefusedInput
from ledcal.rig.folder import require_writable
from ledcal.rig.keys import engineering_key
from ledcal.rig.log_book import enter
from ledcal.rig.run import NOT_RECORDED
from ledcal.rig.store.log import LogEntry
from ledcal.rig.store.opened import require_store, store_url


def enter_action(
    data_folder: Path,
    kind: str,
    subject: str,
    *,
    who: str = "",
    station: str = "",
    facts: Mapping[str, Any],
) -> LogProof:
    """Enter an action before it is done, so that a store that refuses stops it.

    Args:
        data_folder: Whose log it is.
        kind: What is done.
        subject: To what: a serial, a run, a key id.
        who: The person, or who is logged in on this computer where nobody is named.
        station: Where, or this computer where no station is.
        facts: What else belongs to it: `old`, `new`, `reason`, hashes.

    Raises:
        RefusedInput: A text is none that a log could keep.
        StationError: The data folder or its store refuses; nothing was entered.
    """
    require_writable(data_folder)
    entry = LogEntry(
        kind=kind,
        subject=subject,
        who=_named(who),
        station=station or f"computer {socket.gethostname()}",
        facts=facts,
    )
    try:
        return enter(entry, engineering_key(data_folder), store_url(data_folder))
    except CanonicalizationError as error:
        raise RefusedInput("TEXT", f"{kind}: holds what is not UTF-8 text; type it again") from (
            error
        )


def require_log(data_folder: Path) -> None:
    """See that an action can be entered, where it has to be done before all of it is known.

    Raises:
        StationError: The data folder or its store refuses.
    """
    require_writable(data_folder)
    require_store(store_url(data_folder))


def login() -> str:
    """Return under whose account of this computer ledcal runs."""
    uid = os.getuid()
    try:
        return f"login {pwd.getpwuid(uid).pw_name}"
    except KeyError:
        return f"login {uid}"


def _named(who: str) -> str:
    return login() if who in ("", NOT_RECORDED) else who
