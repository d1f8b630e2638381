"""The link keeps its deadlines when the computer's wall clock does not keep its time."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from ledcal.instruments.dialogue import Framing
from ledcal.instruments.errors import LinkTimeout
from ledcal.instruments.link import Bus

HUNG_S = 10.0
HOUR_S = 3600.0


@pytest.mark.parametrize("kind", ["pty", "socket"])
@pytest.mark.usefixtures("impatient")
def test_a_clock_that_steps_back_makes_no_wait_longer(
    kind: str,
    serve: Callable[..., Any],
    scpi: Callable[..., Any],
    bus: Bus,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is an hour earlier at each look; a wait that follows it is broken off here."""
    peer = serve(kind, scpi({b"SILENT?": lambda: None, b"NEXT?": b"next\n"}))
    link = bus.open(peer.resource, instrument="power meter", framing=Framing(baud=115200))
    looks: list[float] = []
    hung_s = time.monotonic() + HUNG_S

    def stepped() -> float:
        if time.monotonic() > hung_s:
            raise AssertionError("the wait follows the wall clock")
        looks.append(hung_s - len(looks) * HOUR_S)
        return looks[-1]

    with monkeypatch.context() as patch:
        patch.setattr(time, "time", stepped)
        with pytest.raises(LinkTimeout, match=r"no answer to SILENT\? in 0\.4 s"):
            link.query("SILENT?")
        assert link.query("NEXT?") == "next"
    link.close()
