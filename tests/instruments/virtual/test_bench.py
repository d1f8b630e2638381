import asyncio

from ledcal.instruments.virtual.bench import LATE_WALL_S, TICK_WALL_S, Bench
from ledcal.instruments.virtual.clock import BenchClock
from ledcal.instruments.virtual.panel_firmware import PanelFirmware
from ledcal.instruments.virtual.world import World


class SetClock(BenchClock):
    """A clock that stands where the test sets it."""

    def __init__(self) -> None:
        super().__init__(1.0)
        self.time_s = 0.0

    def now_s(self) -> float:
        return self.time_s

    async def sleep(self, duration_s: float) -> None:
        self.time_s += duration_s


class Setup:
    def __init__(self) -> None:
        self.clock = SetClock()
        world = World(1)
        self.firmware = PanelFirmware(world, serial="P1", seed=1)
        self.bench = Bench(self.clock, world, self.firmware)
        self.reports: list[tuple[float, str]] = []
        self.firmware.report = lambda code, detail: self.reports.append((world.time_s, detail))

    def tick(self, duration_s: float) -> None:
        """Let time pass as the running bench sees it."""
        for _ in range(round(duration_s / TICK_WALL_S)):
            self.clock.time_s += TICK_WALL_S
            self.bench.advance()


def test_the_watchdog_trips_at_its_own_bench_time() -> None:
    setup = Setup()
    setup.firmware.hear(0.0)
    setup.firmware.set_watchdog_s(1.507)
    setup.tick(3.0)
    ((at_s, detail),) = setup.reports
    assert detail == "watchdog"
    assert abs(at_s - 1.507) < 1e-6


def test_a_process_that_stood_still_does_not_trip() -> None:
    setup = Setup()
    setup.firmware.hear(0.0)
    setup.firmware.set_watchdog_s(1.5)
    setup.tick(1.0)
    setup.clock.time_s += 30.0
    setup.bench.advance()
    assert setup.reports == []
    setup.tick(1.0)
    assert [detail for _, detail in setup.reports] == ["watchdog"]


def test_input_that_has_arrived_counts_before_the_clock() -> None:
    setup = Setup()
    setup.firmware.set_watchdog_s(1.5)
    setup.bench.receive_panel_input = lambda: setup.firmware.hear(setup.clock.now_s())
    for _ in range(100):
        setup.clock.time_s += LATE_WALL_S
        setup.bench.advance()
    assert setup.reports == []


def test_an_exposure_gathers_exactly_its_window() -> None:
    setup = Setup()
    setup.firmware.set_drive_code(5, 65535)
    setup.firmware.set_gate(5, True)
    light = asyncio.run(setup.bench.expose(0.3))
    now_w_m2 = setup.bench.world.light().beams[0].irradiance_w_m2
    assert abs(light.beams[0].irradiance_w_m2 / now_w_m2 - 1.0) < 1e-3
    assert setup.bench.world.time_s == setup.clock.time_s


def test_the_world_never_runs_ahead_of_the_clock() -> None:
    setup = Setup()
    setup.tick(1.0)
    setup.bench.advance()
    assert abs(setup.bench.world.time_s - setup.clock.time_s) < 1e-9
