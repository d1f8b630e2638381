"""A site's copy of a station's long log, made at once as its uploads would leave it."""

from pathlib import Path

from sqlalchemy import insert

from ledcal.calibration.merkle import Frontier, leaf_hash
from ledcal.calibration.signed_note import Checkpoint, sign_note
from ledcal.rig.keys import SigningKey
from ledcal.rig.site.witness import entry_row
from ledcal.rig.store.log import LOG_KEY_NAME, origin_of
from ledcal.rig.store.opened import open_store, store_url
from ledcal.rig.store.schema import STATION_CHECKPOINT, STATION_ENTRY
from tests.rig.store.long_log import AT, long_log_entry


def make_long_copy(site: Path, key: SigningKey, count: int, every: int) -> int:
    """Make a site's store with a copy of a log of closed runs, whose folders are not there.

    Args:
        site: The site's data folder.
        key: Of the station; signs the checkpoints.
        count: How many entries, a multiple of `every`.
        every: How many entries came with each upload.

    Returns:
        The bytes of all entries.
    """
    contents = [long_log_entry(number).content(AT) for number in range(count)]
    origin = origin_of(leaf_hash(contents[0]))
    frontier = Frontier()
    checkpoints = []
    for content in contents:
        frontier.append(leaf_hash(content))
        if frontier.size % every == 0:
            said = Checkpoint(origin=origin, size=frontier.size, root=frontier.root())
            note = sign_note(said.text(), LOG_KEY_NAME, key.public, key.sign)
            came = {"origin": origin, "station": "bench", "received_at": AT.isoformat()}
            checkpoints.append({**came, "size": said.size, "note": note, "edge": frontier.edge})
    rows = [entry_row(origin, number, content) for number, content in enumerate(contents)]
    with open_store(store_url(site)) as store, store.adding() as connection:
        connection.execute(insert(STATION_ENTRY), rows)
        connection.execute(insert(STATION_CHECKPOINT), checkpoints)
    return sum(map(len, contents))
