"""What holds for every test: nothing is judged by how long it takes."""

import pytest
from hypothesis import settings

settings.register_profile("ledcal", deadline=None)
settings.load_profile("ledcal")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a command say of how many panels the README's figures are."""
    parser.addoption(
        "--panels", type=int, default=4, help="panels that tests/system/test_truth.py calibrates"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the whole runs, and let one that fails run again, twice at most.

    They wait more than they compute, and the rest fills the gaps. A whole run on a bench twenty
    times as fast as a real one takes each moment in which the machine does something else for
    twenty: what only that ended does not end each time. The summary names each that ran again.
    """
    items.sort(key=lambda item: "system" not in item.path.parts)
    may_rerun = config.pluginmanager.hasplugin("rerunfailures")
    for item in items:
        if may_rerun and "system" in item.path.parts:
            item.add_marker(pytest.mark.flaky(reruns=2))
