"""Wait in the dark for a panel that is still warm from a run before.

The temperature coefficients come from seeing each channel cold and warm. A panel that begins near
its reference temperature would be lit for minutes, and then nothing could be fitted.
"""

from ledcal.calibration.curve import LEAST_TEMPERATURE_SPAN_K
from ledcal.calibration.indication import Readings
from ledcal.rig.errors import SetupError
from ledcal.rig.observation import Observer
from ledcal.rig.product import Product

ALONE_K = 3.0
"""The board may cool so far below the reference temperature while a channel is seen alone."""
ROOM_K = 2.0
"""A board so little above the room is as cold as it gets."""
COOL_LIMIT_S = 900.0
"""Four times the time in which the heatsink of the default product follows the air."""
LOOK_EVERY_S = 5.0


def warmest_start_degc(product: Product, ambient_degc: float) -> float:
    """Return the board temperature from which a panel may be warmed up. [degC]

    Args:
        product: Its reference temperature is where the warm-up ends.
        ambient_degc: Temperature of the room's air. [degC]
    """
    start_degc = product.temperature.t_ref_degc - LEAST_TEMPERATURE_SPAN_K - ALONE_K
    return max(start_degc, ambient_degc + ROOM_K)


def let_cool(observer: Observer, product: Product, blank: Readings) -> None:
    """Wait in the dark until the board is cold enough for a warm-up.

    Args:
        observer: Of a bench whose panel is dark.
        product: What the panel is.
        blank: The last reading in the dark.

    Raises:
        SetupError: The board is still warm after the time limit.
        PanelError: An interlock.
    """
    clock = observer.bench.clock
    began_s, told = clock.now_s(), False
    while True:
        board_degc = blank.panel.board_degc
        limit_degc = warmest_start_degc(product, blank.temperature.thermocouple_degc["ambient"])
        if board_degc <= limit_degc:
            return
        found = f"the LED board is at {board_degc:.1f} degC (limit {limit_degc:.1f} to begin)"
        if clock.now_s() - began_s > COOL_LIMIT_S:
            raise SetupError(
                "STILL_WARM",
                f"{found} after {COOL_LIMIT_S / 60:.0f} min in the dark: let it cool beside the "
                "bench until it is as cold as the room, then start again",
            )
        if not told:
            observer.note("COOLING", f"{found}: waiting in the dark until it has cooled")
            told = True
        clock.sleep(LOOK_EVERY_S)
        blank = observer.read_dark(None)
