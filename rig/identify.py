"""Who is on the bench: instruments with their certificates, and the panel, before any light."""

from dataclasses import dataclass

from ledcal.calibration.record import Instrument, PanelIdentity
from ledcal.instruments.panel import Panel
from ledcal.instruments.power_meter import PowerMeter
from ledcal.instruments.spectrometer import Spectrometer
from ledcal.instruments.thermocouple_logger import ThermocoupleLogger
from ledcal.rig.bench import Bench
from ledcal.rig.errors import PanelLost, SetupError, StationError
from ledcal.rig.product import Product

NOMINAL_MATCH_NM = 0.5


def identify_instruments(bench: Bench) -> list[Instrument]:
    """Return each instrument as it identified itself, with its certificate."""
    drivers: dict[str, PowerMeter | Spectrometer | ThermocoupleLogger] = {
        "power_meter": bench.power_meter,
        "spectrometer": bench.spectrometer,
        "thermocouple_logger": bench.thermocouple_logger,
    }
    found = []
    for role, head in bench.certificates.heads().items():
        driver = drivers[role]
        identity = driver.identity
        found.append(
            Instrument(
                role=role,
                maker=identity.maker,
                model=identity.model,
                serial=identity.serial,
                firmware=identity.firmware,
                resource=driver.resource_name,
                certificate={
                    "number": head.number,
                    "laboratory": head.laboratory,
                    "issued": head.issued.isoformat(),
                    "due": head.due.isoformat(),
                    "traceability": head.traceability,
                    "file_sha256": bench.certificates.file_sha256[role],
                },
            )
        )
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPanel:
    """The panel that is plugged in.

    Attributes:
        identity: What it says of itself.
        nominal_nm: Nominal wavelength of each LED channel, in order. [nm]
    """

    identity: PanelIdentity
    nominal_nm: tuple[float, ...]

    def require(self, product: Product) -> None:
        """Refuse a panel of another product.

        Raises:
            SetupError: Panel and product file do not belong together; nothing was lit.
        """
        found = self.identity
        expected = {
            "product code": (product.product_code, found.product_code),
            "reference distance in mm": (product.distance_mm, found.distance_mm),
            "geometry id": (product.geometry_id, found.geometry_id),
        }
        wrong = [
            f"{name}: the product file says {wanted}, the panel {has}"
            for name, (wanted, has) in expected.items()
            if wanted != has
        ]
        if found.hardware_revision not in product.hardware_revisions:
            wrong.append(
                f"hardware revision: the product file allows {product.hardware_revisions}, "
                f"the panel is {found.hardware_revision}"
            )
        nominal = [channel.nominal_nm for channel in product.channel]
        if len(nominal) != len(self.nominal_nm) or any(
            not abs(a - b) <= NOMINAL_MATCH_NM
            for a, b in zip(nominal, self.nominal_nm, strict=False)
        ):
            wrong.append(f"channels: the product file has {nominal}, the panel {self.nominal_nm}")
        if wrong:
            raise SetupError(
                "WRONG_PRODUCT",
                f"the panel is no {product.model} {product.version}: {'; '.join(wrong)}; "
                "choose its product file",
            )


def identify_panel(panel: Panel) -> FoundPanel:
    """Return what the panel says of itself; the serial is read, never typed."""
    hardware = panel.hardware()
    geometry = panel.geometry()
    _, calibration = panel.calibration_state()
    identity = PanelIdentity(
        maker=panel.identity.maker,
        model=panel.identity.model,
        serial=panel.identity.serial,
        firmware=panel.identity.firmware,
        uid=panel.uid(),
        product_code=hardware.product_code,
        hardware_revision=hardware.hardware_revision,
        drive_epoch=hardware.drive_epoch,
        distance_mm=geometry.distance_mm,
        geometry_id=geometry.geometry_id,
        boot_count=panel.boot_count(),
        on_hours=panel.on_hours(),
        calibration=calibration,
        sequence=panel.sequence(),
        firmware_mode=panel.mode(),
    )
    return FoundPanel(identity=identity, nominal_nm=tuple(panel.nominal_nm.values()))


def require_accepting(
    panel: Panel, identity: PanelIdentity, key_id: str | None, flags: int
) -> None:
    """Refuse a panel whose firmware would refuse the file at the end of the run.

    Args:
        panel: The panel.
        identity: What it said of itself.
        key_id: Id of the key that signs, 16 hex digits, None when it is not known yet.
        flags: Flags that the file will carry.

    Raises:
        SetupError: A production panel on a station whose files it refuses.
        StationError: The firmware does not trust the station's key.
    """
    if flags and identity.firmware_mode == "PROD":
        raise SetupError(
            "PRODUCTION_PANEL",
            "the panel has production firmware, which refuses files that are marked as simulated "
            "or engineering; calibrate it on a PROD station",
        )
    trusted = panel.trusted_keys()
    if key_id is not None and key_id not in trusted:
        raise StationError(
            "UNTRUSTED_KEY",
            f"the panel's firmware trusts {', '.join(trusted) or 'no key'}, not the file's key "
            f"{key_id}; check the signing key and the firmware's key table",
        )


def require_same_panel(panel: Panel, before: PanelIdentity) -> None:
    """Refuse to go on when the panel was exchanged or restarted since it was identified.

    Raises:
        PanelLost: It restarted.
        SetupError: Another panel is plugged in.
    """
    uid, boots = panel.uid(), panel.boot_count()
    if uid != before.uid:
        raise SetupError(
            "PANEL_EXCHANGED", f"the panel was exchanged during the run: {before.uid}, now {uid}"
        )
    if boots != before.boot_count:
        raise PanelLost(
            "PANEL_RESTARTED",
            f"the panel restarted during the run: boot {before.boot_count}, now {boots}; "
            "check its supply and start again",
        )
