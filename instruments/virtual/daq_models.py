"""The loggers that the bench can be, and what their manuals say differently (emulated).

The pages quoted in the `daq_*` modules: K1 is the DAQ970A/DAQ973A Programming Guide (by page), K2
the 34970A/34972A Command Reference and User's Guide. [?] marks what no page confirmed.
"""

from dataclasses import dataclass

FORMAT_PARTS = ("UNIT", "TIME", "CHANnel", "ALARm")
"""What FORMat:READing can add to a reading, in the order of a reply (K1 p139)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggerModel:
    """What one model does in its own way.

    Attributes:
        maker: First field of *IDN?.
        model: Second field of *IDN?.
        serial: Third field of *IDN?.
        firmware: Fourth field of *IDN?.
        driver: Name of the driver in a station file.
        module: Model of the multiplexers in slots 100 and 300.
        module_revision: Serial and firmware of a module, as SYSTem:CTYPe? answers them.
        memory: Readings that fit into the memory.
        keeps_scan_list: The scan list is still there after the power has failed.
        junction: Reference junction after *RST and CONFigure:TEMPerature.
        stores_read: The readings of READ? are in the memory too.
        forgets: CONFigure, SENSe and TRIGger commands clear the memory, not only a new scan.
        hidden: Parts of a reading that CONFigure and MEASure? switch off.
        without_reading: What DATA:LAST? answers for a channel that has none.
        missing_is_error: That makes an entry in the error queue.
        shows_waiting: Bit 5 of the Standard Operation register tells that a trigger is awaited.
    """

    maker: str
    model: str
    serial: str
    firmware: str
    driver: str
    module: str
    module_revision: str
    memory: int
    keeps_scan_list: bool
    junction: str
    stores_read: bool
    forgets: bool
    hidden: frozenset[str]
    without_reading: str
    missing_is_error: bool
    shows_waiting: bool


DAQ970A = LoggerModel(
    maker="Keysight Technologies",
    model="DAQ970A",
    serial="MY58012345",
    firmware="A.02.04-00.16-11.29-00.02-02-01",  # K1 p149
    driver="keysight_daq970a",
    module="DAQM901A",
    module_revision="MY58001234,01.00",  # [?]
    memory=100_000,  # K1 p29
    keeps_scan_list=True,  # K1 p215
    junction="INT",  # [?] some clients found the fixed one, which its forerunners have
    stores_read=False,
    forgets=False,  # K1 p109: a new scan or *RST
    hidden=frozenset({"CHANnel"}),  # K1 p139
    without_reading="+9.91E+37",  # [?]
    missing_is_error=True,  # K1 p109
    shows_waiting=True,  # K1 p295
)
AGILENT_34972A = LoggerModel(
    maker="Agilent Technologies",
    model="34972A",
    serial="MY49021266",
    firmware="1.17-1.12-02-02",
    driver="agilent_34972a",
    module="34901A",
    module_revision="0,2.3",  # [?]
    memory=50_000,  # K2, DATA:POINts?
    keeps_scan_list=False,  # [?]
    junction="FIX",  # K2, TCouple:RJUNction:TYPE
    stores_read=True,  # K2, READ?: unlike the 34970A
    forgets=True,  # K2, DATA:REMove?
    hidden=frozenset(FORMAT_PARTS),  # K2, FORMat:READing:*
    without_reading="+0.00000000E+00",  # K2, DATA:LAST?
    missing_is_error=False,
    shows_waiting=False,  # K2 p281
)
MODELS = {each.model: each for each in (DAQ970A, AGILENT_34972A)}
