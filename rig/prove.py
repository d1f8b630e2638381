"""What is asked before an issued file is proven by light: file, product, panel and bench."""

from pathlib import Path

from ledcal.calibration.record import PanelIdentity
from ledcal.instruments.panel import Panel
from ledcal.rig.delivery import Deliverable, deliverable, require_for, require_made_for
from ledcal.rig.errors import RefusedInput, SetupError
from ledcal.rig.fit import file_flags
from ledcal.rig.identify import require_accepting
from ledcal.rig.product import Product
from ledcal.rig.settings import SettingsFile
from ledcal.rig.station import Station
from ledcal.rig.summary import record_of


def provable(
    serial: str, run: Path, product: SettingsFile[Product], data_folder: Path
) -> Deliverable:
    """Return the file of a run that is to be proven by light in its panel.

    Raises:
        RefusedInput: It may not be given to this panel, or the product file is not that of its
            run, against whose limits it was made.
    """
    issued = deliverable(run, data_folder)
    require_for(issued, serial)
    made_by = record_of(run).run.product["file_sha256"]
    if made_by != product.sha256:
        raise RefusedInput(
            "PRODUCT",
            f"{run}: was made with the product file of SHA-256 {made_by}, not {product.sha256}; "
            f"name its own, of which {run / 'product.toml'} is a copy",
        )
    return issued


def require_provable(
    panel: Panel, identity: PanelIdentity, issued: Deliverable, station: Station
) -> None:
    """Refuse a panel or a bench on which an issued file cannot be proven.

    Raises:
        SetupError: It was made for another panel or on another kind of bench, or a production
            panel would refuse it.
        StationError: The panel's firmware does not trust its key.
    """
    require_made_for(identity, issued.calibration)
    require_bench_of(issued, station)
    require_accepting(panel, identity, issued.facts["key_id"], issued.calibration.flags)


def require_bench_of(issued: Deliverable, station: Station) -> None:
    """Refuse to prove a file on a bench whose own files would be marked otherwise.

    Raises:
        SetupError: One of them is simulated or for engineering, the other is not.
    """
    flags = issued.calibration.flags
    if flags != file_flags(station):
        raise SetupError(
            "OTHER_BENCH",
            f"the file has flags {flags}, this station's have {file_flags(station)} (1 simulated, "
            "2 engineering): prove it on a bench of the kind on which it was made",
        )


def proof_words(issued: Deliverable) -> str:
    """Return what a proof says of the file that it proves."""
    return (
        f"the file of run {issued.facts['run']}, SHA-256 {issued.facts['sha256']}, was loaded as "
        "it is; no curve was fitted here: fit, superposition and light safety are in the record "
        "of that run"
    )
