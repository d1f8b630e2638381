"""Load a file into its panel: see that it refuses damaged ones, load, read back, compare."""

import zlib
from collections.abc import Callable
from contextlib import suppress

from ledcal.calibration.codec import SIGNATURE_LENGTH, decode
from ledcal.calibration.record import PanelIdentity
from ledcal.instruments.errors import CalibrationRefused, InstrumentError, LinkTimeout
from ledcal.instruments.panel import Panel
from ledcal.rig.errors import PanelError, RigError, SetupError, StationError
from ledcal.rig.folder import sha256_hex
from ledcal.rig.identify import require_same_panel

LOAD_ATTEMPTS = 3
_ISSUED_AT = 72
_CRC_LENGTH = 4

Report = Callable[[str, str], None]
"""Takes the code and the words of a note for the journal."""


def require_refusals(panel: Panel, file: bytes, note: Report) -> None:
    """See that the panel refuses damaged copies of a file, before it is given the file itself.

    A checksum unit that always agreed has once passed every file. The bit that is wrong is one of
    the date, on which no light depends, and what a panel refuses never touches the file in use.

    Raises:
        PanelError: It takes a damaged copy, or does not find out what is wrong with it.
        StationError: The line fails again and again.
    """
    for words, copy, expected in damaged_copies(file):
        said = _offered(panel, words, copy, note)
        if said is None:
            panel.erase_calibration()
            raise PanelError(
                "FILE_CHECK",
                f"the panel takes a file in which {words}: its check of files is broken, and any "
                "damage would go unseen; its calibration was erased; quarantine the panel and "
                "have its firmware replaced",
            )
        if said != expected:
            raise PanelError(
                "FILE_CHECK",
                f"the panel refuses a file in which {words} as {said}, not as {expected}: its "
                "check of files is broken; nothing was loaded, and what it held is untouched; "
                "quarantine the panel and have its firmware replaced",
            )
    note("FILE_CHECK", "the panel refused a damaged copy by CRC, and a forged one by SIGNATURE")


def damaged_copies(file: bytes) -> list[tuple[str, bytes, str]]:
    """Return copies of a file with what is wrong with each, and by what name it is refused."""
    signed = len(file) - SIGNATURE_LENGTH
    damaged = bytearray(file)
    damaged[_ISSUED_AT] ^= 1
    content = bytes(damaged[: signed - _CRC_LENGTH])
    checksum = zlib.crc32(content).to_bytes(_CRC_LENGTH, "little")
    return [
        ("one bit is wrong", bytes(damaged), "CRC"),
        ("one bit and its checksum were changed", content + checksum + file[signed:], "SIGNATURE"),
    ]


def _offered(panel: Panel, words: str, copy: bytes, note: Report) -> str | None:
    """Offer a copy; return the name by which it is refused, None when it is taken."""
    for attempt in range(1, LOAD_ATTEMPTS + 1):
        try:
            panel.load_calibration(copy)
        except CalibrationRefused as error:
            return error.name
        except InstrumentError as error:
            note(
                "OFFER_REPEATED",
                f"a copy in which {words}: attempt {attempt} of {LOAD_ATTEMPTS}: {error}",
            )
            if attempt == LOAD_ATTEMPTS:
                raise StationError(
                    "LOAD_LINK",
                    f"the panel could not be offered a file: {error}; it keeps what it had",
                ) from error
        else:
            return None
    raise AssertionError("unreachable")


def load(
    panel: Panel, identity: PanelIdentity, file: bytes, note: Report, *, keeps: bytes = b""
) -> None:
    """Load a file into the panel, read it back, compare every byte and ask for its validity.

    What fails is repeated, and each attempt is noted. After the last the calibration is erased:
    a panel that cannot be given its file has none. Nothing is erased where the head is sound and
    only the number is too low, nor where the panel still holds what it may keep.

    Args:
        panel: The panel.
        identity: Whose file it is.
        file: The file.
        note: Where each attempt that failed is recorded.
        keeps: A calibration that the panel had before, and keeps if this one cannot be loaded.

    Raises:
        PanelError: The panel refuses it, or holds something else, or it restarted.
        SetupError: Another head is on the bench; the file is not left in it. Or the head has
            accepted a file of this number or a higher one before.
        StationError: The line to the panel fails.
    """
    may_hold = False
    for attempt in range(1, LOAD_ATTEMPTS + 1):
        failure = _attempt(panel, identity, file, may_hold=may_hold)
        if failure is None:
            return
        may_hold = may_hold or failure.code != "LOAD_REFUSED"
        note("LOAD_REPEATED", f"attempt {attempt} of {LOAD_ATTEMPTS}: {failure.text}")
    assert failure is not None
    untouched = False
    try:
        untouched = bool(keeps) and _holds(panel, keeps)
        if not untouched:
            panel.erase_calibration()
    except InstrumentError as error:
        raise StationError(
            "LOAD_LINK",
            f"{failure.text}; and the panel could not be erased after that ({error}): what it "
            "holds is not known; mend the connection and read it back before it leaves the bench",
        ) from error
    state = (
        "the panel holds the calibration that it had before, untouched"
        if untouched
        else "its calibration was erased: the panel is uncalibrated"
    )
    raise type(failure)(
        failure.code,
        f"{failure.text}, {LOAD_ATTEMPTS} times; {state}; {_ADVICE[type(failure)]}",
    )


_ADVICE: dict[type[RigError], str] = {
    PanelError: "quarantine it, for its firmware or its memory",
    StationError: "check cable, connector and hub, then start again",
}


def withdraw(panel: Panel, file: bytes) -> bool:
    """Erase a file that must not stay, where the panel holds it; return whether it did.

    What else a panel holds is its own: the file that it had before.
    """
    if panel.read_back() != file:
        return False
    panel.erase_calibration()
    return True


def _attempt(
    panel: Panel, identity: PanelIdentity, file: bytes, *, may_hold: bool
) -> PanelError | StationError | None:
    """Load once; return what was wrong, and whose fault it is.

    A head that took the file in an earlier attempt, and no longer has it, refuses its number too.
    """
    late: InstrumentError | None = None
    try:
        panel.load_calibration(file)
    except CalibrationRefused as error:
        _require_same(panel, identity, file)
        words = f"the panel's firmware refused the calibration file: {error.name}"
        if error.name == "SEQ" and not may_hold:
            raise SetupError("SEQUENCE", f"{words}: {_sequence_words(file)}") from error
        return PanelError("LOAD_REFUSED", words)
    except InstrumentError as error:
        late = error
    try:
        _require_same(panel, identity, file)
        found = panel.read_back()
        code, name = panel.calibration_state()
    except InstrumentError as error:
        return StationError("LOAD_LINK", str(late or error))
    if found == file and code == 0:
        if late is None:
            return None
        if isinstance(late, LinkTimeout):
            # All of it came, so the line is well: it is the panel that takes too long.
            return PanelError("LOAD_LATE", f"{late}, and yet the panel holds the whole file")
    if late is not None:
        return StationError("LOAD_LINK", str(late))
    return PanelError(
        "READ_BACK",
        f"read back {len(found)} bytes, SHA-256 {sha256_hex(found)}, of a file with SHA-256 "
        f"{sha256_hex(file)}; the panel says {name}",
    )


def _holds(panel: Panel, file: bytes) -> bool:
    return panel.read_back() == file and panel.calibration_state()[0] == 0


def _sequence_words(file: bytes) -> str:
    """Return what to do with a sound head that has accepted a higher number, and keeps it."""
    return (
        f"its head has accepted another file numbered {decode(file).calibration.sequence} or "
        "higher, and remembers that when it is erased; what it holds was not touched; calibrate "
        "it where its newest run is kept, or here again: each run takes the next number; if no "
        "station has calibrated it before, quarantine it: the number that it keeps is damaged"
    )


def _require_same(panel: Panel, identity: PanelIdentity, file: bytes) -> None:
    """Ask whose head it is; a file that got into another one is taken out of it again."""
    try:
        require_same_panel(panel, identity)
    except SetupError as error:
        erased = False
        with suppress(InstrumentError):
            erased = withdraw(panel, file)
        what = (
            "the file was found in this other head, where it would give wrong light, and erased"
            if erased
            else "this other head does not hold the file; what it holds was not touched"
        )
        raise SetupError(
            error.code,
            f"{error.text}; {what}; the file was made for head {identity.uid}, which may hold it "
            "unproven: calibrate that panel again, and this one for itself",
        ) from error
