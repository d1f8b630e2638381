"""Processor and wall time of calls, taken in turns so that each meets the same computer."""

import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Call = Callable[[], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one call costs: medians over `count` samples.

    Attributes:
        cpu_s: Processor time of this process, or of the child process that was started. [s]
        wall_s: Time by the clock on the wall. [s]
        count: How many samples.
    """

    cpu_s: float
    wall_s: float
    count: int


def cost_of(*calls: Call, count: int, repeat: int = 1) -> list[Cost]:
    """Return the cost of each call; sample by sample they take turns.

    Args:
        calls: What is measured.
        count: Samples of each.
        repeat: Calls in one sample, for those that are over before a clock can tell.
    """
    for call in calls:
        call()  # the first call loads and compiles what later ones find
    samples: list[list[tuple[float, float]]] = [[] for _ in calls]
    for _ in range(count):
        for call, seen in zip(calls, samples, strict=True):
            cpu_s, wall_s = time.process_time(), time.perf_counter()
            for _ in range(repeat):
                call()
            cpu_s, wall_s = time.process_time() - cpu_s, time.perf_counter() - wall_s
            seen.append((cpu_s / repeat, wall_s / repeat))
    return [_median(seen) for seen in samples]


def cost_once(call: Call) -> Cost:
    """Return what a call costs that is made once: there is nothing to warm up, or it is long."""
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    call()
    cpu_s, wall_s = time.process_time() - cpu_s, time.perf_counter() - wall_s
    return Cost(cpu_s=cpu_s, wall_s=wall_s, count=1)


def cost_of_commands(*commands: list[str], count: int) -> list[Cost]:
    """Return the cost of whole processes, by their own account with the operating system."""
    for command in commands:
        _run(command)
    samples: list[list[tuple[float, float]]] = [[] for _ in commands]
    for _ in range(count):
        for command, seen in zip(commands, samples, strict=True):
            seen.append(_run(command))
    return [_median(seen) for seen in samples]


def _run(command: list[str]) -> tuple[float, float]:
    quiet = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_WRONLY, 0) for number in (1, 2)]
    began_s = time.perf_counter()
    child = os.posix_spawn(command[0], command, os.environ, file_actions=quiet)
    _, status, usage = os.wait4(child, 0)
    wall_s = time.perf_counter() - began_s
    if status != 0:
        raise RuntimeError(f"{' '.join(command)}: ended with {os.waitstatus_to_exitcode(status)}")
    return usage.ru_utime + usage.ru_stime, wall_s


def _median(seen: Sequence[tuple[float, float]]) -> Cost:
    return Cost(
        cpu_s=statistics.median(cpu_s for cpu_s, _ in seen),
        wall_s=statistics.median(wall_s for _, wall_s in seen),
        count=len(seen),
    )
