import dataclasses
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from ledcal.calibration.outcome import Outcome
from ledcal.calibration.record import PanelIdentity
from ledcal.rig.closing import PANEL_FILE, RECORD, close_run, finished
from ledcal.rig.delivery import Deliverable
from ledcal.rig.errors import RefusedInput, SetupError
from ledcal.rig.keys import ENGINEERING_KEY, SigningKey
from ledcal.rig.product import Product
from ledcal.rig.proof import PROOFS, proof_of
from ledcal.rig.prove import provable, require_bench_of
from ledcal.rig.release import write_files
from ledcal.rig.settings import SettingsFile
from ledcal.rig.station import Station
from tests.rig.conftest import SERIAL, StartRun, panel_content

MakeProof = Callable[..., Path]


@pytest.fixture
def issued(begin_run: StartRun, key: SigningKey, identity: PanelIdentity) -> Deliverable:
    """The file of a run that passed."""
    folder, journal = begin_run()
    write_files(folder, panel_content(identity), {"run": folder.name}, identity, key)
    journal.append("panel", asdict(identity))
    journal.append("run_finished", finished(Outcome.PASS, []))
    journal.close()
    close_run(folder, key)
    return Deliverable(run=folder, file=(folder / PANEL_FILE).read_bytes(), proven=False)


@pytest.fixture
def prove(
    begin_run: StartRun, key: SigningKey, issued: Deliverable, data_folder: Path
) -> MakeProof:
    """A sealed proof of that file, ended in some way."""

    def make(day: int, outcome: Outcome = Outcome.PASS, *states: str) -> Path:
        folder, journal = begin_run(f"../{PROOFS}/202604{day:02d}T120000000Z-{SERIAL}")
        for state in states or ("loaded",):
            journal.append("calibration_file", issued.released.event(state))
        reasons = [] if outcome is Outcome.PASS else [{"code": "X", "text": "y"}]
        journal.append("run_finished", finished(outcome, reasons))
        journal.close()
        close_run(folder, key)
        return data_folder / PROOFS / folder.name

    return make


def test_the_newest_proof_that_passed_is_found(
    issued: Deliverable, prove: MakeProof, data_folder: Path
) -> None:
    assert proof_of(issued.file, SERIAL, data_folder) is None
    prove(1)
    newest = prove(2)
    prove(3, Outcome.FAIL, "loaded", "erased")
    assert proof_of(issued.file, SERIAL, data_folder) == newest


def test_what_is_no_proof_of_the_file(
    issued: Deliverable, prove: MakeProof, data_folder: Path
) -> None:
    prove(1, Outcome.ABORTED, "loaded")
    prove(2, Outcome.PASS, "loaded", "erased")
    altered = prove(3)
    (altered / RECORD).write_bytes(b"{}")
    (data_folder / PROOFS / f"20260409T120000000Z-{SERIAL}").mkdir()  # killed before it began
    assert proof_of(issued.file, SERIAL, data_folder) is None
    prove(4)
    assert proof_of(issued.file + b"\0", SERIAL, data_folder) is None
    assert proof_of(issued.file, "TEST-0002", data_folder) is None
    assert proof_of(issued.file, SERIAL, data_folder) is not None


def test_a_proof_by_a_key_that_nobody_knows_is_none(
    issued: Deliverable, prove: MakeProof, data_folder: Path
) -> None:
    prove(1)
    (data_folder / ENGINEERING_KEY).unlink()
    assert proof_of(issued.file, SERIAL, data_folder) is None


def test_a_file_is_proven_for_its_panel_and_its_product(
    issued: Deliverable, product: SettingsFile[Product], data_folder: Path
) -> None:
    assert provable(SERIAL, issued.run, product, data_folder).file == issued.file
    with pytest.raises(RefusedInput, match="holds the file of panel TEST-0001, not of TEST-0002"):
        provable("TEST-0002", issued.run, product, data_folder)
    other = dataclasses.replace(product, sha256="00" * 32)
    with pytest.raises(RefusedInput, match="was made with the product file of SHA-256"):
        provable(SERIAL, issued.run, other, data_folder)


def test_a_file_is_proven_on_the_kind_of_bench_on_which_it_was_made(
    issued: Deliverable, station: SettingsFile[Station]
) -> None:
    for mode, simulated, refused in [
        ("DEMO", True, False),
        ("ENG", True, True),
        ("ENG", False, True),
        ("PROD", False, True),
    ]:
        bench = station.settings.model_copy(update={"mode": mode, "simulated": simulated})
        if refused:
            with pytest.raises(SetupError, match="flags 1, this station's have"):
                require_bench_of(issued, bench)
        else:
            require_bench_of(issued, bench)
