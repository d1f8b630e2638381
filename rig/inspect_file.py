"""Look into a calibration file: its content, its signature, and its look-up."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from ledcal.calibration.codec import decode
from ledcal.calibration.errors import FileError
from ledcal.calibration.firmware import (
    LoadedFile,
    LoaderError,
    round_irradiance,
    round_temperature,
)
from ledcal.calibration.panel_calibration import (
    FLAG_ENGINEERING,
    FLAG_SIMULATED,
    IRRADIANCE_STEP_W_M2,
    TEMPERATURE_STEP_K,
    PanelCalibration,
)
from ledcal.reports.text import legible
from ledcal.rig.console import open_console
from ledcal.rig.errors import RefusedInput
from ledcal.rig.firmware_view import open_on_its_board, open_unverified
from ledcal.rig.folder import sha256_hex
from ledcal.rig.summary import key_object, print_json
from ledcal.rig.trust import KnownKey, known_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """A calibration file as it was read.

    Attributes:
        signature: "valid", or why it was not checked.
        key: The key as the data folder knows it, None when it does not.
        drive_code: Answer of the look-up, None when none was asked for.
    """

    path: Path
    sha256: str
    calibration: PanelCalibration
    key_id: str
    signature: str
    key: KnownKey | None
    request: tuple[int, float, float] | None
    drive_code: int | None


def inspect_file(
    path: Path, request: tuple[int, float, float] | None, data_folder: Path
) -> Inspection:
    """Return what a calibration file says.

    Args:
        path: The file.
        request: Channel, irradiance [W/m2] and board temperature [degC] to look up, or None.
        data_folder: The keys that it knows check the signature.

    Raises:
        RefusedInput: The file or the request is refused; the text begins with the loader's name.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RefusedInput("FILE", f"{path}: cannot be read: {error.strerror}") from error
    try:
        decoded = decode(content)
        key = known_key(data_folder, decoded.key_id.hex())
        opened = (
            open_unverified(content) if key is None else open_on_its_board(content, key.public)
        )
    except FileError as error:
        raise RefusedInput(error.name, f"{path}: {error}") from error
    unknown = f"not checked: key {decoded.key_id.hex()} is not known in {data_folder}"
    code = None if request is None else _evaluate(opened, request)
    return Inspection(
        path=path,
        sha256=sha256_hex(content),
        calibration=decoded.calibration,
        key_id=decoded.key_id.hex(),
        signature=unknown if key is None else "valid",
        key=key,
        request=request,
        drive_code=code,
    )


def _evaluate(opened: LoadedFile, request: tuple[int, float, float]) -> int:
    """Ask the firmware's look-up."""
    channel, irradiance_w_m2, board_degc = request
    try:
        irradiance = round_irradiance(irradiance_w_m2)
        temperature = round_temperature(board_degc)
    except ValueError as error:
        raise RefusedInput("REQUEST", str(error)) from error
    try:
        return opened.drive(channel, irradiance, temperature)
    except LoaderError as error:
        raise RefusedInput(error.name, str(error)) from error


def print_inspection(seen: Inspection, *, as_json: bool) -> None:
    """Print a file as tables, or as one JSON object in the file's own integers."""
    if as_json:
        print_json(_object(seen))
        return
    console = open_console()
    said = seen.calibration
    marks = [
        text
        for flag, text in ((FLAG_SIMULATED, "SIMULATED BENCH"), (FLAG_ENGINEERING, "ENGINEERING"))
        if said.flags & flag
    ]
    console.print(Text(f"{seen.path}: calibration of panel {said.serial}"))
    if marks:
        console.print(Text(f"marked: {', '.join(marks)}; a production panel refuses it"))
    whose = "" if seen.key is None else f"{legible(seen.key.words)}, "
    rows = {
        "head uid": said.uid.hex(),
        "product, revision, epoch": f"{said.product_code}, {said.hardware_revision}, "
        f"{said.drive_epoch}",
        "plane": f"{said.distance_mm} mm, geometry {said.geometry_id}",
        "sequence": str(said.sequence),
        "LED-on hours": f"valid from {said.hours_at_calibration} to {said.valid_until_hours}",
        "calibration.json": said.record_sha256.hex(),
        "key": f"{seen.key_id}, {whose}signature {seen.signature}",
        "file SHA-256": seen.sha256,
    }
    for name, value in rows.items():
        console.print(Text(f"  {name:<25}{value}"))
    for table in _tables(said):
        console.print(table)
    if seen.request is not None:
        channel, irradiance_w_m2, board_degc = seen.request
        console.print(
            Text(
                f"channel {channel}, {irradiance_w_m2:g} W/m2 at {board_degc:g} degC: "
                f"drive code {seen.drive_code}"
            )
        )


def _tables(said: PanelCalibration) -> list[Table]:
    channels = Table(title="Channels")
    for name in ("channel", "centroid nm", "range °C", "ceiling W/m²", "U (k = 2)", "b1", "b2"):
        channels.add_column(name, justify="right")
    knots = Table(title="Knots: W/m² at reference temperature → drive code")
    knots.add_column("knot", justify="right")
    for one in said.channels:
        channels.add_row(
            str(one.channel),
            f"{one.centroid_dnm / 10:.1f}",
            f"{one.t_min * TEMPERATURE_STEP_K:.1f} … {one.t_max * TEMPERATURE_STEP_K:.1f}, "
            f"ref {one.t_ref * TEMPERATURE_STEP_K:.1f}",
            f"{one.ceiling * IRRADIANCE_STEP_W_M2:.2f}",
            f"{one.u_rel / 100:.2f} %",
            str(one.b1),
            str(one.b2),
        )
        knots.add_column(f"channel {one.channel}", justify="right")
    for n in range(len(said.channels[0].drive)):
        knots.add_row(
            str(n),
            *(
                f"{one.irradiance[n] * IRRADIANCE_STEP_W_M2:.2f} → {one.drive[n]}"
                for one in said.channels
            ),
        )
    return [channels, knots]


def _object(seen: Inspection) -> dict[str, Any]:
    fields = asdict(seen.calibration)
    fields["uid"] = seen.calibration.uid.hex()
    fields["record_sha256"] = seen.calibration.record_sha256.hex()
    value: dict[str, Any] = {
        "path": str(seen.path),
        "sha256": seen.sha256,
        "key_id": seen.key_id,
        "signature": seen.signature,
        "key": None if seen.key is None else key_object(seen.key),
        "file": fields,
    }
    if seen.request is not None:
        channel, irradiance_w_m2, board_degc = seen.request
        value["lookup"] = {
            "channel": channel,
            "irradiance_w_m2": irradiance_w_m2,
            "board_degc": board_degc,
            "drive_code": seen.drive_code,
        }
    return value
