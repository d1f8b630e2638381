"""Other people's exchanges with a specbos 1211 on the spectrometer's socket."""

from collections.abc import Iterator

from tests.conformance.check import Check
from tests.conformance.client_environment import Environments
from tests.conformance.running_bench import RunningBench


def checks(bench: RunningBench, environments: Environments) -> Iterator[Check]:
    yield from ()
