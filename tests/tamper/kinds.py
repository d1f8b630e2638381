"""Every kind of tampering that is known, by what is tampered with."""

from collections.abc import Mapping

from tests.tamper.folders import FOLDERS
from tests.tamper.keys import KEYS
from tests.tamper.kind import Kind
from tests.tamper.run_files import RUN_FILES
from tests.tamper.store_kinds import STORE_KINDS

KINDS: Mapping[str, list[Kind]] = {
    "a file of a run": RUN_FILES,
    "keys, seals, statements": KEYS,
    "the record store": STORE_KINDS,
    "folders": FOLDERS,
}
