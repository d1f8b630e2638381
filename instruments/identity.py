"""Who an instrument says that it is."""

from dataclasses import dataclass

from ledcal.instruments.errors import WrongInstrument
from ledcal.instruments.reply import fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The four fields of `*IDN?` (IEEE 488.2, 10.14).

    Attributes:
        maker: The manufacturer.
        model: The model.
        serial: The serial number, as text.
        firmware: The firmware version.
    """

    maker: str
    model: str
    serial: str
    firmware: str

    def require(self, where: str, *, model: str, serial: str) -> None:
        """Refuse another instrument than the one that the station file names.

        Args:
            where: Role and resource name, for the message.
            model: The model that the driver is for.
            serial: The serial number of the station file.

        Raises:
            WrongInstrument: Model or serial number differ; both are named.
        """
        if (self.model, self.serial) != (model, serial):
            raise WrongInstrument(
                where,
                f"{model} {serial}",
                f"{self.model} {self.serial}",
                "correct the station file or connect the right one",
            )


def parse_identity(reply: str) -> Identity:
    """Return the identity that an answer to `*IDN?` states.

    Raises:
        ValueError: It has not four fields, or one of them is empty.
    """
    maker, model, serial, firmware = (part.strip() for part in fields(reply, 4))
    if not (maker and model and serial and firmware):
        raise ValueError(f"expected four fields that say something, got {reply!r}")
    return Identity(maker=maker, model=model, serial=serial, firmware=firmware)
