"""What holds for every test: nothing is judged by how long it takes."""

import pytest
from hypothesis import settings

settings.register_profile("ledcal", deadline=None)
settings.load_profile("ledcal")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a command say of how many panels the README's figures are."""
    parser.addoption(
        "--panels", type=int, default=8, help="panels that tests/system/test_truth.py calibrates"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the whole runs: they wait more than they compute, and the rest fills the gaps."""
    items.sort(key=lambda item: "system" not in item.path.parts)
