"""Thermocouple loggers."""

import math
from collections.abc import Mapping
from typing import Self

from ledcal.calibration.indication import TemperatureIndication
from ledcal.instruments.dialogue import Framing
from ledcal.instruments.errors import OpenThermocouple, ReplyError
from ledcal.instruments.identity import Identity, parse_identity
from ledcal.instruments.link import Bus, Link
from ledcal.instruments.reply import fields, integer, number_or_overload
from ledcal.instruments.roles import ThermocoupleLogger

__all__ = ["KeysightDAQ970A", "ThermocoupleLogger"]

_FRAMING = Framing()
_RESET_S = 2.0
_POWER_ON_BIT = 1 << 7  # IEEE 488.2, 11.5.1
# One channel: 1 PLC of 20 ms, relay, settling, and the resistance of the open-thermocouple check.
_CHANNEL_S = 0.3


class KeysightDAQ970A:
    """Keysight DAQ970A with type K thermocouples, over VXI-11 or a socket (Programming Guide).

    Attributes:
        identity: Who it is.
    """

    def __init__(self, link: Link, identity: Identity, thermocouples: Mapping[str, int]) -> None:
        """Use `open`."""
        self._link = link
        self.identity = identity
        # Results come in ascending channel order whatever the order of the list (ROUT:SCAN).
        self._inputs = dict(sorted(thermocouples.items(), key=lambda item: item[1]))

    @classmethod
    def open(
        cls, bus: Bus, resource_name: str, serial: str, thermocouples: Mapping[str, int]
    ) -> Self:
        """Open the logger that the station file names and set up its scan.

        Args:
            bus: The links' common parts.
            resource_name: VISA resource name.
            serial: Serial number of the station file.
            thermocouples: Input (slot and two digits, 101 for example) by thermocouple name.

        Raises:
            ValueError: There is no thermocouple, or two are said to be at one input.
            WrongInstrument: Another instrument answers.
            InstrumentError: It cannot be reached or does not do as its manual says.
        """
        if not thermocouples or len(set(thermocouples.values())) != len(thermocouples):
            raise ValueError(
                f"each thermocouple needs an input of its own, not {dict(thermocouples)}; correct "
                "the station file"
            )
        link = bus.open(resource_name, instrument="thermocouple logger", framing=_FRAMING)
        try:
            identity = link.query_as(parse_identity, "*IDN?")
            identity.require(str(link), model="DAQ970A", serial=serial)
            link.name = f"thermocouple logger {identity.model} {identity.serial}"
            logger = cls(link, identity, thermocouples)
            logger._configure()
            link.resume = logger._configure_after_restart
        except BaseException:
            link.close()
            raise
        return logger

    @property
    def resource_name(self) -> str:
        """Its VISA resource name."""
        return self._link.resource_name

    def close(self) -> None:
        """Close the link."""
        self._link.close()

    def read(self) -> TemperatureIndication:
        """Scan all thermocouples once.

        Raises:
            OpenThermocouple: One of them gives no reading; it is named.
        """
        reply = self._link.query_as(
            self._readings, "READ?", takes_s=_CHANNEL_S * len(self._inputs)
        )
        at = self._link.clock.utc()
        indicated: dict[str, float] = {}
        for (name, logger_input), (text, value_degc) in zip(
            self._inputs.items(), reply, strict=True
        ):
            # An open thermocouple is +9.9E+37 and leaves no entry in the error queue.
            if math.isinf(value_degc):
                raise OpenThermocouple(str(self._link), name, logger_input, text)
            indicated[name] = value_degc
        return TemperatureIndication(thermocouple_degc=indicated, at=at)

    def _readings(self, reply: str) -> list[tuple[str, float]]:
        return [(field, number_or_overload(field)) for field in fields(reply, len(self._inputs))]

    def _configure_after_restart(self) -> None:
        """Set up the scan again where the logger was switched off and on."""
        if self._link.query_as(integer, "*ESR?") & _POWER_ON_BIT:
            self._configure()

    def _configure(self) -> None:
        inputs = ",".join(str(logger_input) for logger_input in self._inputs.values())
        self._link.write("*CLS")
        self._link.write("*RST", takes_s=_RESET_S)
        # CONF:TEMP resets the channels' other settings and redefines the scan list: it is first.
        self._link.write(f"CONF:TEMP TC,K,(@{inputs})")
        self._link.write(f"UNIT:TEMP C,(@{inputs})")
        # Some units were found with a fixed 0 degC reference after CONF:TEMP.
        self._link.write(f"SENS:TEMP:TRAN:TC:RJUN:TYPE INT,(@{inputs})")
        self._link.write(f"SENS:TEMP:TRAN:TC:CHEC ON,(@{inputs})")
        self._link.write(f"ROUT:SCAN (@{inputs})")
        scan_list = self._link.query_block("ROUT:SCAN?")
        if scan_list != f"(@{inputs})".encode("ascii"):
            raise ReplyError(
                f"{self._link}: scans {scan_list!r} instead of (@{inputs}); check that a "
                "multiplexer with these inputs is fitted"
            )
