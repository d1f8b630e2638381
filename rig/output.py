"""Files that somebody asked for, which never take the place of what is kept."""

from pathlib import Path

from ledcal.rig.closing import SEAL
from ledcal.rig.errors import RefusedInput
from ledcal.rig.folder import write_whole
from ledcal.rig.journal import JOURNAL
from ledcal.rig.verify_archive import is_data_folder


def write_output(path: Path, content: bytes) -> None:
    """Write a file that a command was asked for; one of the user's own is replaced.

    Raises:
        RefusedInput: It is a folder, in a run's folder, or would replace what a data folder holds.
        StationError: The disk refuses.
    """
    if path.is_dir():
        raise RefusedInput("OUTPUT", f"{path}: is a folder; name a file")
    where = path.resolve()
    for folder in where.parents:
        if (folder / JOURNAL).exists() or (folder / SEAL).exists():
            raise RefusedInput(
                "OUTPUT",
                f"{path}: is in the folder of a run, to which nothing is added and in which "
                "nothing is replaced; name a file elsewhere",
            )
        if where.exists() and is_data_folder(folder):
            raise RefusedInput(
                "OUTPUT", f"{path}: is there already, in a data folder; name a file elsewhere"
            )
    write_whole(path, content)
