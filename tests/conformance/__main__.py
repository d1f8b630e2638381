"""Let independent clients speak with the virtual bench and print what succeeds, by name."""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.conformance import meter_clients, spectrometer_clients
from tests.conformance.check import Check
from tests.conformance.client_environment import Environments
from tests.conformance.running_bench import running_bench
from tests.conformance.table import table

GROUPS = {
    "power_meter": meter_clients,
    "spectrometer": spectrometer_clients,
}


def gathered(groups: Sequence[str], folder: Path) -> list[Check]:
    """Run the clients of these groups against one bench."""
    environments = Environments(folder)
    with running_bench() as bench:
        return [one for name in groups for one in GROUPS[name].checks(bench, environments)]


def main() -> int:
    """Print the table; return 1 when an exchange of any client failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("--folder", type=Path, help="where the environments go")
    parser.add_argument("group", nargs="*", choices=[[], *GROUPS], help="default: all")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=wanted.folder) as folder:
        checks = gathered(wanted.group or list(GROUPS), Path(folder))
    print(table(checks))
    failed = sum(one.result == "FAILED" for one in checks)
    missing = sum(one.result == "not run" for one in checks)
    print(f"\n{len(checks)} exchanges, {failed} failed, {missing} not run (optional clients)")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
