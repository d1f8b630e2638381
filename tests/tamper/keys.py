"""Tampering with keys, seals and statements, also by somebody who has the station's own key."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledcal.rig.closing import (
    CERTIFICATE,
    RECORD,
    SEAL,
    record_bytes,
    seal_bytes,
)
from ledcal.rig.folder import canonical, sha256_hex
from ledcal.rig.journal import JOURNAL
from ledcal.rig.key_file import new_key_file, public_file, read_key_file
from ledcal.rig.keys import ENGINEERING_KEY, SigningKey, new_private_pem
from ledcal.rig.log_book import LOG_PROOF, enter
from ledcal.rig.run import RUNS
from ledcal.rig.statements import PERFORMED, RECORD_ENVELOPE, STATEMENTS, record_envelope
from ledcal.rig.store import log
from ledcal.rig.store.opened import store_url
from ledcal.rig.trust import TRUSTED, trust
from tests.tamper.archive import Archive
from tests.tamper.kind import (
    APPROVED,
    ONE,
    TWO,
    Act,
    Kind,
    cut,
    exchanged_between_runs,
    in_run,
    replaced,
)


def resealed(change: Callable[[Path], object]) -> Act:
    """Change a run's files as somebody who has the station's own key, and seal them anew."""

    def act(archive: Archive) -> None:
        run = archive.data / RUNS / TWO
        change(run)
        (run / SEAL).write_bytes(seal_bytes(run, archive.key))

    return act


def passed(run: Path, key: SigningKey) -> None:
    """Make FAIL a PASS in journal, record, envelope and page."""
    content = (run / JOURNAL).read_bytes().replace(b'"FAIL"', b'"PASS"')
    (run / JOURNAL).write_bytes(content)
    record = record_bytes([json.loads(line) for line in content.splitlines()])
    (run / RECORD).write_bytes(record)
    (run / RECORD_ENVELOPE).write_bytes(record_envelope(record, key))
    page = (run / CERTIFICATE).read_bytes().replace(b"FAIL", b"PASS")
    (run / CERTIFICATE).write_bytes(page)


def passed_and_sealed(archive: Archive) -> None:
    run = archive.data / RUNS / TWO
    passed(run, archive.key)
    (run / SEAL).write_bytes(seal_bytes(run, archive.key))


def passed_by_a_stranger(archive: Archive, *, trusted: bool = False) -> None:
    """Seal all of it with another key, which may have been put among the trusted ones."""
    run = archive.data / RUNS / TWO
    private = Ed25519PrivateKey.generate()
    key = SigningKey(private.public_key().public_bytes_raw(), private.sign)
    if trusted:
        path = archive.outside / "eve.toml"
        new_key_file(path, "Eve", "ENG")
        trust(public_file(path), archive.data)
        key = read_key_file(path)
    passed(run, key)
    (run / SEAL).write_bytes(seal_bytes(run, key))


def other_own_key(archive: Archive) -> None:
    (archive.data / ENGINEERING_KEY).write_bytes(new_private_pem()[0])


def signature_of_another(run: Path) -> None:
    other = json.loads((run.parent / ONE / SEAL).read_bytes())["signature"]
    said = json.loads((run / SEAL).read_bytes())
    (run / SEAL).write_bytes(canonical(said | {"signature": other}))


def trusted_key_spoilt(archive: Archive) -> None:
    path = next((archive.data / TRUSTED).glob("*.toml"))
    path.write_bytes(path.read_bytes().replace(b"public_key = ", b"public_key = 7 #"))


def page_sealed_and_entered(archive: Archive) -> None:
    """Change the page, seal it and enter the new seal too, with the station's own key."""
    replaced(CERTIFICATE, b"FAIL", b"PASS")(archive)
    run = archive.data / RUNS / TWO
    (run / SEAL).write_bytes(seal_bytes(run, archive.key))
    facts = {"seal_sha256": sha256_hex((run / SEAL).read_bytes())}
    entry = log.LogEntry(kind="run sealed", subject=TWO, who="eve", station="x", facts=facts)
    enter(entry, archive.key, store_url(archive.data))


def passed_page(run: Path) -> None:
    """Change the verdict on the page alone."""
    page = run / CERTIFICATE
    page.write_bytes(page.read_bytes().replace(b"FAIL", b"PASS"))


KEYS = [
    Kind("seal deleted", in_run(lambda run: (run / SEAL).unlink()), SEAL, "is missing"),
    Kind("seal cut", cut(SEAL), SEAL, "is damaged"),
    Kind("seals exchanged between runs", exchanged_between_runs(SEAL), SEAL, "belongs to run"),
    Kind("signature replaced", in_run(signature_of_another), SEAL, "signature does not hold"),
    Kind(
        "limit changed, sealed anew with the station's key",
        resealed(lambda run: (run / "product.toml").write_text("# altered\n")),
        LOG_PROOF,
        "the log knows product.toml with another content",
    ),
    Kind(
        "statement removed, sealed anew with the station's key",
        resealed(lambda run: (run / PERFORMED).unlink()),
        LOG_PROOF,
        f"the log knows {PERFORMED} with another content",
    ),
    Kind(
        "verdict changed everywhere, sealed anew with the station's key",
        passed_and_sealed,
        f"{RUNS}/{TWO}/{RECORD}",
        "is not the record of log entry 2",
    ),
    Kind(
        "certificate alone changed, sealed anew with the station's key",
        resealed(lambda run: passed_page(run)),
        f"{RUNS}/{TWO}/{SEAL}",
        "was sealed anew: it is not the seal of log entry 3",
    ),
    Kind(
        "certificate changed, sealed and entered anew with the station's key",
        page_sealed_and_entered,
        TWO,
        "the log has it twice (run sealed), with two contents: entries 3, 8",
    ),
    Kind(
        "all signed with a key that nobody here knows",
        passed_by_a_stranger,
        SEAL,
        "which this data folder does not know",
    ),
    Kind(
        "all signed with a key smuggled among the trusted",
        lambda archive: passed_by_a_stranger(archive, trusted=True),
        f"{RUNS}/{TWO}/{RECORD}",
        "is not the record of log entry 2",
    ),
    Kind("station's key replaced", other_own_key, SEAL, "which this data folder does not know"),
    Kind(
        "station's key damaged",
        lambda archive: (archive.data / ENGINEERING_KEY).write_text("x"),
        ENGINEERING_KEY,
        "cannot be used",
    ),
    Kind("trusted key changed", trusted_key_spoilt, TRUSTED, "public_key: 7"),
    Kind(
        "approval deleted",
        lambda archive: (archive.data / APPROVED).unlink(),
        APPROVED,
        "is gone; log entry 7 says it was there",
    ),
    Kind(
        "approval moved to another run",
        lambda archive: shutil.copytree(
            archive.data / STATEMENTS / TWO, archive.data / STATEMENTS / ONE
        ),
        "02-approved.dsse.json",
        f"is about run {TWO}",
    ),
]
