"""What is said of the calibration that a panel came with, before anything is adjusted."""

from collections.abc import Mapping
from pathlib import Path

from ledcal.calibration.record import PanelIdentity
from ledcal.instruments.errors import DeviceError
from ledcal.rig.folder import sha256_hex
from ledcal.rig.product import Product
from ledcal.rig.run import AS_FOUND

_EXECUTION_ERRORS = (-221, -222)
"""Settings conflict and data out of range: how the firmware refuses a request."""
_NOT_ITS_OWN = {
    "UID": "it was made for another LED head",
    "PRODUCT": "it was made for another product",
    "EPOCH": "LEDs or drivers were replaced after it was made",
    "GEOMETRY": "it was made for another distance",
    "HOURS": "the panel has burned for longer than it is valid",
}


def file_sha256(run_folder: Path) -> str:
    """Return the SHA-256 of the file that the panel carried, empty where it had none."""
    path = run_folder / AS_FOUND
    return sha256_hex(path.read_bytes()) if path.exists() else ""


def not_measurable(product: Product, identity: PanelIdentity, file: str) -> str:
    """Return why irradiance as found cannot be measured, empty where it can.

    Args:
        product: Says at which requests it is measured.
        identity: The panel, with its loader's word on what it carries.
        file: SHA-256 of the file that it carries, empty for none.
    """
    if not product.as_found_fractions:
        return "the product file asks for no measurement as found"
    if not file:
        return "the panel carried no calibration"
    said = identity.calibration
    if said == "OK":
        return ""
    meaning = f", {_NOT_ITS_OWN[said]}" if said in _NOT_ITS_OWN else ""
    return f"the panel's firmware refuses the calibration that it carried ({said}{meaning})"


def refused_request(error: DeviceError, channel: int, fraction: float) -> str:
    """Return in words that the firmware refused a request by the file it came with.

    Raises:
        DeviceError: The error means something else.
    """
    if error.code not in _EXECUTION_ERRORS:
        raise error
    return f"channel {channel} at {fraction:.0%}: the panel's firmware refused it ({error.text})"


def out_words(deviation_rel: Mapping[int, float], sequence: int) -> str:
    """Return what the field engineer must be told of channels that were out of tolerance.

    Args:
        deviation_rel: Of each such channel what came over what was asked for, less one. [1]
        sequence: Of the file by which the panel was asked.
    """
    told = ", ".join(
        f"channel {channel} gave {abs(off):.1%} {'less' if off < 0 else 'more'}"
        for channel, off in deviation_rel.items()
    )
    return (
        f"the panel came out of tolerance: by its own file, sequence {sequence}, {told} than it "
        "was asked for; tell the field engineer: treatments since that calibration may have been "
        "wrong by as much"
    )
