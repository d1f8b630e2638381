"""A look at a whole station: everything that fails is shown, and no light is made."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def bench(serve: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    with serve(tmp_path_factory.mktemp("doctor")) as served:
        yield served


def test_a_station_that_is_ready(bench: Any, ledcal: Callable[..., Any], tmp_path: Path) -> None:
    kept = sorted(bench.data_folder.rglob("*"))
    ran = ledcal("doctor", "--station", bench.station, "--json", cwd=tmp_path)
    assert ran.returncode == 0, ran.stdout
    said = json.loads(ran.stdout)
    assert said["ready"] is True
    assert {one["status"] for one in said["findings"]} == {"ok"}
    texts = {one["name"]: one["text"] for one in said["findings"]}
    panel = bench.truth(ask="panel")
    assert panel["uid"] in texts["panel"]
    assert "trips after 0.5 s of silence" in texts["panel's watchdog"]
    assert "heatsink" in texts["thermocouples"]
    # It leaves no file, no light, and a watchdog that does not trip on the next one to come.
    assert sorted(bench.data_folder.rglob("*")) == kept
    assert list(tmp_path.iterdir()) == []
    assert bench.truth(ask="state")["dark"]


def test_all_that_fails_is_shown_at_once(
    bench: Any, ledcal: Callable[..., Any], short_product: Path, tmp_path: Path
) -> None:
    bench.truth(set="open_thermocouple", value="surface")
    station = bench.station.with_name("other-station.toml")
    text = bench.station.read_text().replace('"DEMO"', '"ENG"')
    text = text.replace('serial = "2011042"', 'serial = "2011043"')
    station.write_text(text)
    product = tmp_path / "product.toml"
    code = next(line for line in short_product.read_text().splitlines() if "product_code" in line)
    product.write_text(short_product.read_text().replace(code, "product_code = 77"))
    try:
        ran = ledcal("doctor", "--station", station, "--product", product, cwd=tmp_path)
    finally:
        bench.truth(set="open_thermocouple", value=None)
    failed = {
        line[8:].split("  ")[0]: line for line in ran.stdout.splitlines() if line.startswith("✘")
    }
    assert "expected SB1211 2011043" in failed["spectrometer"]
    assert "station's spectrometer is '2011043'" in failed["certificates"]
    assert "'surface' at input" in failed["thermocouples"]
    assert "check its plug and its junction" in failed["thermocouples"]
    assert "product code: the product file says 77" in failed["panel's product"]
    assert "✘ NOT READY: 4 failed, 1 to watch" in ran.stdout
    # The head could not be compared, for the certificates do not fit: that is said, not hidden.
    assert "▲ WARN  measuring head" in ran.stdout
    assert ran.returncode == 2  # the certificate that does not fit the station file
    assert bench.truth(ask="state")["dark"]
