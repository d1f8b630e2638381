"""What a calibrated panel really delivers, against what its file says it does.

Of a few panels here; `--panels 20` prints the README's figures.
"""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import serial

from ledcal.calibration.codec import decode
from ledcal.calibration.table import U_REL_STEP
from ledcal.rig.product import read_product

pytestmark = pytest.mark.system
AT_ONCE = 4
FRACTIONS = (0.25, 0.5, 1.0)


def deviations(
    serve: Callable[..., Any], ledcal: Callable[..., Any], folder: Path, seed: int
) -> list[tuple[int, float, float, float]]:
    """Calibrate one seeded panel; return channel, fraction, true deviation and stated U, relative.

    The panel is asked through its own firmware after the run has ended, on its bare serial port.
    """
    name = f"SEED-{seed:04d}"
    with serve(folder / name, serial=name, seed=seed) as bench:
        done = ledcal("calibrate", name, "--station", bench.station, "--json", cwd=folder)
        assert done.returncode == 0, done.stdout + done.stderr
        file = Path(json.loads(done.stdout)["paths"]["file"]).read_bytes()
        stated = {t.channel: t.u_rel * U_REL_STEP for t in decode(file).calibration.channels}
        port = bench.panel.removeprefix("ASRL").removesuffix("::INSTR")
        found = []
        with serial.Serial(port, 115200, timeout=10) as panel:
            for channel, settings in read_product(None).settings.channels.items():
                for fraction in FRACTIONS:
                    request_w_m2 = fraction * settings.nominal_w_m2
                    panel.write(f"SOUR{channel}:IRR {request_w_m2}\nOUTP{channel} ON\n".encode())
                    panel.write(b"SYST:ERR?\n")
                    assert panel.readline() == b'0,"No error"\n'
                    true_w_m2 = bench.truth(ask="state")["irradiance_w_m2"][str(channel)]
                    panel.write(f"OUTP{channel} OFF\n*OPC?\n".encode())
                    assert panel.readline() == b"1\n"
                    off = true_w_m2 / request_w_m2 - 1
                    found.append((channel, fraction, off, stated[channel]))
        return found


def test_panels_deliver_within_their_stated_uncertainty(
    serve: Callable[..., Any],
    ledcal: Callable[..., Any],
    tmp_path: Path,
    record_testsuite_property: Callable[[str, object], None],
    pytestconfig: pytest.Config,
) -> None:
    count = pytestconfig.getoption("--panels")
    seeds = range(1, count + 1)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        panels = list(pool.map(lambda seed: deviations(serve, ledcal, tmp_path, seed), seeds))
    points = [point for panel in panels for point in panel]
    assert len(points) == count * 5 * len(FRACTIONS)
    covered = sum(abs(off) <= stated for _, _, off, stated in points) / len(points)
    largest = max(abs(off) for _, _, off, _ in points)
    largest_stated = max(stated for _, _, _, stated in points)
    record_testsuite_property("points within stated U", covered)
    record_testsuite_property("largest deviation", largest)
    record_testsuite_property("largest stated U", largest_stated)
    print(f"{covered:.1%} of {len(points)} points within U; largest deviation {largest:.2%}")
    print(f"largest stated U {largest_stated:.2%}")
    assert covered >= 0.90
    assert largest <= 0.06
    assert largest_stated <= 0.05
