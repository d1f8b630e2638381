from dataclasses import replace

import pytest

from ledcal.calibration.record import Record
from ledcal.reports.standards import chains, standing, with_what


@pytest.mark.parametrize(
    ("due", "said"), [("2026-03-04", "all certificates in date;"), ("2026-03-03", "1 of 3 not")]
)
def test_the_front_says_whether_all_were_in_date(record: Record, due: str, said: str) -> None:
    first, *others = record.instruments
    changed = replace(first, certificate=first.certificate | {"due": due})
    assert standing(replace(record, instruments=[changed, *others])).startswith(said)
    assert changed.serial in with_what([changed])


def test_no_instrument_is_not_all_in_date(killed: Record) -> None:
    assert "no instrument" in standing(killed)


def test_the_chain_is_said_once_for_all_that_share_it(record: Record) -> None:
    shared = [
        replace(one, certificate=one.certificate | {"traceability": "to the SI"})
        for one in record.instruments
    ]
    (only,) = chains(shared)
    assert only == ("to the SI", "power meter, spectrometer, thermocouple logger")
    assert chains(record.instruments)[0][0] == "not recorded"
