"""Check whatever a path leads to: a data folder, an archive, a run, or a file of a run."""

from collections.abc import Mapping
from pathlib import Path

from ledcal.rig.archive_verify import is_archive, verify_archive
from ledcal.rig.verify import Verification, verify_path
from ledcal.rig.verify_archive import is_data_folder, verify_data


def verify_anything(
    path: Path, data_folder: Path, outside: Mapping[str, str] | None = None
) -> list[Verification]:
    """Return what was found there.

    Args:
        path: What is checked.
        data_folder: Whose keys are known, where the path is in no data folder itself.
        outside: Checkpoints that were kept outside of a data folder, by where they were found.

    Raises:
        RefusedInput: There is nothing that can be checked, or a trusted key is damaged.
        StationError: The record store or the disk refuses.
    """
    if is_data_folder(path):
        return verify_data(path, outside)
    if is_archive(path):
        return verify_archive(path, data_folder)
    return [verify_path(path, data_folder)]
