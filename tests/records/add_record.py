"""Keep a run as a vector of the record's form: what every later ledcal has to read."""

import argparse
import io
import json
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

from ledcal.calibration.record_reader import read_record
from ledcal.rig.journal import read_journal
from ledcal.rig.key_file import public_key_toml
from ledcal.rig.keys import ENGINEERING_KEY, known_public_key
from ledcal.rig.store.opened import STORE
from ledcal.rig.trust import TRUSTED
from tests.records.vectors import (
    EARLY,
    FORMS,
    HERE,
    LEFT_OUT,
    WHOLE,
    form_digest,
    forms,
    recomputed,
)

_MTIME = 0
_NEVER = ("-wal", "-shm", ENGINEERING_KEY)


def packed(folder: Path, left_out: tuple[str, ...] = ()) -> bytes:
    """Return a folder as one file; private keys stay where they are."""
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w:xz", preset=9) as archive:
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            if not path.is_file() or path.name in left_out or name.endswith(_NEVER):
                continue
            info = tarfile.TarInfo(name)
            content = path.read_bytes()
            info.size, info.mtime = len(content), _MTIME
            archive.addfile(info, io.BytesIO(content))
    return output.getvalue()


def settle(data_folder: Path) -> None:
    """Bring the store into one file, and the public half of the folder's key where others look."""
    if (data_folder / STORE).is_file():
        with closing(sqlite3.connect(data_folder / STORE)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    public = known_public_key(data_folder)
    if public is not None:
        content = public_key_toml("station", "ENG", public)
        name = next(line for line in content.decode().split("\n") if line.startswith("key_id"))
        trusted = data_folder / TRUSTED
        trusted.mkdir(parents=True, exist_ok=True)
        (trusted / f"{name.split(chr(34))[1]}.toml").write_bytes(content)


def told(run: Path) -> dict[str, object]:
    """What has to be read from a run for ever."""
    record = read_record(read_journal(run))
    return {
        "run": record.run.run,
        "outcome": record.outcome.value,
        "events": record.events,
        "measured": [
            [one.step, one.measurand, one.channel, one.value, one.verdict.value]
            for one in record.measured[-3:]
        ],
        "count": len(record.measured),
        "recomputed": recomputed(record),
    }


def main() -> None:
    """Add one form."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help="of the form, by its day and what is new")
    parser.add_argument(
        "written", help="when the code was current: ledcal 0.1.0, 2026-11-22 12:14"
    )
    parser.add_argument("whole", type=Path, help="data folder of a whole run")
    parser.add_argument(
        "early", type=Path, help="data folder of a run that ended before any light"
    )
    parser.add_argument("--today", action="store_true", help="made by the code as it is")
    asked = parser.parse_args()
    known = forms()
    if asked.name in {one["name"] for one in known}:
        parser.error(f"{asked.name}: is there already; a vector never changes")
    kept = {}
    for kind, data_folder in ((WHOLE, asked.whole), (EARLY, asked.early)):
        (run,) = (data_folder / "runs").iterdir()
        kept[kind] = told(run)
        path = HERE / f"{asked.name}-{kind}.tar.xz"
        if kind == WHOLE:
            path.write_bytes(packed(run, LEFT_OUT))
        else:
            settle(data_folder)
            path.write_bytes(packed(data_folder))
    digest = form_digest() if asked.today else None
    known.append({"name": asked.name, "written": asked.written, "digest": digest, **kept})
    FORMS.write_text(json.dumps(known, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
