from datetime import date, timedelta

import pytest

from ledcal.rig.certificates import due_soon, read_certificates
from ledcal.rig.settings import SettingsFile
from ledcal.rig.station import Station

DUE = date(2036, 1, 1)


@pytest.mark.parametrize(("left", "warnings"), [(31, 0), (30, 3), (7, 3), (0, 3), (-1, 0)])
def test_a_certificate_that_runs_out_soon_is_told_in_each_run(
    station: SettingsFile[Station], left: int, warnings: int
) -> None:
    found = due_soon(read_certificates(station), DUE - timedelta(days=left))
    assert len(found) == warnings
    assert all(f"2036-01-01, in {left} days" in text for text in found)
