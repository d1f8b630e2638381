"""How the operator is known stands in record, page, statement and on the screen."""

from collections.abc import Callable
from pathlib import Path

from ledcal.rig.closing import CERTIFICATE
from ledcal.rig.keys import SigningKey
from ledcal.rig.statements import PERFORMED, read_signed
from ledcal.rig.summary import record_of
from tests.rig.people.conftest import ledcal

SERIAL = "TEST-0001"


def test_record_page_statement_and_screen_say_how_the_operator_is_known(
    make_run: Callable[..., Path], key: SigningKey
) -> None:
    performer = {"role": "technician", "signed_on": "badge and PIN", "log_entry": "17"}
    typed = make_run(f"20260301T100000000Z-{SERIAL}", operator="Tom")
    proven = make_run(f"20260301T110000000Z-{SERIAL}", operator="Tom", performer=performer)
    unknown = make_run(f"20260301T120000000Z-{SERIAL}")
    for run, words in (
        (typed, "typed, not proven"),
        (proven, "technician, badge and PIN, log entry 17"),
        (unknown, ""),
    ):
        page = (run / CERTIFICATE).read_text()
        shown = ledcal("show", run)[1]
        if not words:
            assert "typed, not proven" not in page + shown
        else:
            assert words in page
            assert f"({words})" in shown
            signed = read_signed(
                (run / PERFORMED).read_bytes(),
                run.name,
                (run / "record.json").read_bytes(),
                [key.public],
            )
            assert signed.statement.remark.endswith(f"; {words}")
    first = record_of(proven).run
    assert first.performer == performer
    assert record_of(unknown).run.performer == {}
