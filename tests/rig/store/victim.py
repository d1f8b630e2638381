"""A small log that somebody attacks who owns the database."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from ledcal.rig.folder import canonical
from ledcal.rig.keys import SigningKey, engineering_key, signature_holds
from ledcal.rig.store import log
from ledcal.rig.store.opened import STORE, open_store, open_store_to_read, store_url
from ledcal.rig.store.schema import METADATA
from ledcal.rig.store.verify_log import LogCheck, verify_log

COUNT, OUTSIDE = 20, 15
Attack = Callable[[sqlite3.Connection], object]


class Victim:
    """A log of twenty entries with a checkpoint after every fifth; one is kept outside."""

    def __init__(self, folder: Path, count: int = COUNT) -> None:
        self.folder = folder
        self.key: SigningKey = engineering_key(folder)
        with open_store(store_url(folder)) as store:
            for number in range(count):
                with store.adding() as connection:
                    log.append(connection, entry(number))
                    if number % 5 == 4:
                        note = log.checkpoint(connection, "bench 3", self.key)
                        if number == OUTSIDE - 1:
                            self.outside = note

    def attacked(self, attack: Attack) -> None:
        with closing(sqlite3.connect(self.folder / STORE)) as connection:
            for name in METADATA.tables:
                for action in ("update", "delete"):
                    connection.execute(f"DROP TRIGGER IF EXISTS {name}_no_{action}")
            attack(connection)
            connection.commit()

    def check(self, *, witness: bool = False) -> LogCheck:
        witnesses = {"a certificate": self.outside} if witness else {}
        with open_store_to_read(store_url(self.folder)) as store, store.reading() as connection:
            publics = {self.key.key_id.hex(): self.key.public}
            return verify_log(connection, publics, signature_holds, witnesses)

    def words(self, *, witness: bool = False) -> str:
        found = self.check(witness=witness).findings
        return "\n".join(f"{one.where}: {one.text}" for one in found)


def entry(number: int, who: str = "ann") -> log.LogEntry:
    return log.LogEntry(
        kind="test", subject=f"S{number}", who=who, station="bench", facts={"n": number}
    )


def forged(number: int) -> bytes:
    return canonical(
        {
            **{"format": log.ENTRY_FORMAT, "at": "2026-01-01T00:00:00+00:00", "kind": "test"},
            **{"subject": f"S{number}", "who": "eve", "station": "bench", "facts": {}},
        }
    )
