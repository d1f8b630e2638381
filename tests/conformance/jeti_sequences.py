"""What public programs send to a specbos 1211, and what they take for an answer.

Facts read from their sources; none of them can be installed by name. Each step is the bytes sent
and a pattern for all bytes that come back.
"""

from dataclasses import dataclass

ACK, NAK, BEL = rb"\x06", rb"\x15", rb"\x07"
_NUMBER = rb"-?\d[\d.]*(?:E[+-]\d+)?"
DONE = ACK + BEL


def spectrum(count: int, *, pairs: bool = False) -> bytes:
    """Return the pattern of a block: label, empty line, values, empty line."""
    value = rb"\d+\t" + _NUMBER if pairs else _NUMBER
    return rb"Spectral irradiance[^\r]*\r\r(?:" + value + rb"\r){%d}\r" % count


def labelled(*labels: str) -> bytes:
    """Return the pattern of lines `label:<white space>number`."""
    return b"".join(label.encode() + rb":\s+" + _NUMBER + rb"\r" for label in labels)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """One exchange of a program.

    Attributes:
        client: The program.
        version: The version that was read.
        exchange: What the exchange is for.
        steps: Bytes sent, and the pattern of what comes back.
    """

    client: str
    version: str
    exchange: str
    steps: tuple[tuple[bytes, bytes], ...]


_ARGYLL = ("ArgyllCMS specbos.c", "its source")
_PYTHON = ("PySpecbos1211", "its source")
_MATLAB = ("SpectroCAL toolbox", "its source")
_PSYCHOPY = ("PsychoPy SpectroCAL", "its source")
_JETIMEAS = ("jetimeas.m", "its source")
_SPECBOS = ("specbos1211.py", "its source")
_MANUAL = ("JETI manual SPECFIRM", "rev. 140")


# Two programs by different people begin their measurement alike.
_ADAPTED_SPECTRUM = (
    (b"*CONF:EXPO 1\r", ACK),
    (b"*CONF:MAXTINT 60000\r", ACK),
    (b"*CONF:WRAN 380 780 1\r", ACK),
    (b"*CONF:AVER 1\r", ACK),
    (b"*CONF:FORM 4\r", ACK),
    (b"*MEAS:SPRAD\r", DONE + spectrum(401)),
)


def _sequence(client: tuple[str, str], exchange: str, *steps: tuple[bytes, bytes]) -> Sequence:
    return Sequence(client=client[0], version=client[1], exchange=exchange, steps=steps)


SEQUENCES = (
    _sequence(
        _MANUAL,
        "who it is",
        (b"*IDN?\r", rb"JETI_SB1211\r"),
        (b"*VERS?\r", rb"V3\.01\r"),
        (b"*PARA:SPNUM?\r", rb"spectrometer number: 2011042\r"),
        (b"*PARA:WAVBEG?\r", rb"Predefined start wave: 350\r"),
        (b"*PARA:WAVEND?\r", rb"Predefined end wave: 1000\r"),
        (b"*CONTR:MHEAD?\r", rb"mhead: 1\r"),
    ),
    _sequence(
        _MANUAL,
        "settings are acknowledged by one byte",
        (b"*CONF:DEFAULT\r", ACK),
        (b"*PARA:CALIBN 0\r", ACK),
        (b"*CONF:EXPO 2\r", ACK),
        (b"*CONF:TINT 20\r", ACK),
        (b"*CONF:MAXTIN 1000\r", ACK),
        (b"*CONF:AVER 2\r", ACK),
        (b"*CONF:WRAN 350 1000 1\r", ACK),
        (b"*CONF:FUNC 6\r", ACK),
        (b"*CONF:FORM 4\r", ACK),
        (b"*CONTR:LASER 1\r", ACK),
        (b"*CONTR:LASER?\r", rb"laser: 1\r"),
        (b"*CONTR:LASER 0\r", ACK),
    ),
    _sequence(
        _MANUAL,
        "refusals and their numbers",
        (b"*CONF:TINT 0\r", NAK),
        (b"*STAT:ERR?\r", rb"Error Code: 21\r"),
        (b"*CONF:AVER 0\r", NAK),
        (b"*STAT:TXTERR?\r", rb"21 : error config argument\r"),
        (b"*CONF:WRAN 300 1000 1\r", NAK),
        (b"*STAT:ERR?\r", rb"Error Code: 141\r"),
        (b"*NONSENSE\r", NAK),
        (b"*STAT:ERR?\r", rb"Error Code: 4\r"),
    ),
    _sequence(
        _MANUAL,
        "one shot, several products",
        (b"*INIT\r", DONE),
        (b"*FETCH:SPRAD\r", spectrum(651)),
        (b"*FETCH:RADIO\r", labelled(r"Irradiance\[W/sqm\]")),
        (b"*FETCH:XYZ\r", labelled("X", "Y", "Z")),
        (b"*MEAS:SPRAD 20 1 10\r", DONE + spectrum(651, pairs=True)),
        (b"*MEAS:RADIO\r", DONE + labelled(r"Irradiance\[W/sqm\]")),
    ),
    _sequence(_MANUAL, "restarts", (b"*RST\r", ACK), (b"*IDN?\r", rb"JETI_SB1211\r")),
    _sequence(
        _ARGYLL,
        "initialises",
        (b"*idn?\r", rb"JETI_SB1211\r"),
        (b"*para:spnum?\r", rb"spectrometer number:\s\d+\r"),
        (b"*conf:default\r", ACK),
        (b"*para:calibn 0\r", ACK),
        (b"*para:expo 1\r", ACK),
        (b"*conf:maxtin 3000\r", ACK),
        (b"*conf:func 6\r", ACK),
        (b"*conf:form 4\r", ACK),
        (b"*para:wavbeg?\r", rb"Predefined start wave:\s350\r"),
        (b"*para:wavend?\r", rb"Predefined end wave:\s1000\r"),
        (b"*conf:wran 350 830 1\r", ACK),
        (b"*conf:aver 1\r", ACK),
        (b"*vers?\r", rb"V3\.01\r"),
    ),
    _sequence(
        _ARGYLL,
        "reads ambient light",
        (b"*contr:mhead?\r", rb"mhead:\s1\r"),
        (b"*contr:laser?\r", rb"laser:\s0\r"),
        (b"*contr:laser 0\r", ACK),
        (b"*conf:aver 1\r", ACK),
        (b"*init\r", DONE),
        (b"*fetch:XYZ\r", labelled("X", "Y", "Z")),
        (b"*fetch:sprad\r", spectrum(481)),
        (b"*para:expo 0\r", ACK),
        (b"*init\r", DONE),
        (b"*fetch:sprad\r", spectrum(481)),
        (b"*para:expo 1\r", ACK),
    ),
    _sequence(
        _ARGYLL,
        "finds no refresh rate in steady light",
        (b"*conf:cycmod 1\r", ACK),
        (b"*contr:cyctim 200 4000\r", NAK),
        (b"*stat:err?\r", rb"Error Code: 160\r"),
        (b"*conf:cycmod 0\r", ACK),
    ),
    _sequence(
        _PYTHON,
        "configures automatic exposure and measures",
        (b"*IDN?\r", rb"JETI_SB1211\r"),
        *_ADAPTED_SPECTRUM,
        (b"*MEAS:RADIO\r", DONE + labelled(r"[^:\r]+")),
    ),
    _sequence(
        _PYTHON,
        "measures counts with a fixed time",
        (b"*CONF:EXPO 2\r", ACK),
        (b"*CONF:TINT 10\r", ACK),
        (b"*CONF:FORM 9\r", ACK),
        (b"*MEAS\r", DONE + rb"[^\r]+\r\r(?:" + _NUMBER + rb"\r){401}\r"),
        (b"*CONF:FORM 4\r", ACK),
    ),
    _sequence(
        _SPECBOS,
        "adapts up to a minute, measures the spectrum and its sum, is refused and asks why",
        *_ADAPTED_SPECTRUM,
        (b"*MEAS:RADIO\r", DONE + rb"[^:\r]+:\s+" + _NUMBER + rb"\r"),
        (b"*CONF:WRAN 380 1099 1\r", NAK),
        (b"*STAT:TXTERR?\r", rb"141 : [^\r]+\r"),
    ),
    _sequence(
        _MATLAB,
        "measures and fetches spectrum, luminance and colour",
        (b"*CONF:CYCMOD 0\r", ACK),
        (b"*CONF:EXPO 1\r", ACK),
        (b"*CONF:AVER 1\r", ACK),
        (b"*CONF:FUNC 6\r", ACK),
        (b"*CONF:WRAN 380 780 1\r", ACK),
        (b"*INIT\r", DONE),
        (b"*FETCH:SPRAD 7\r", spectrum(401, pairs=True)),
        (b"*FETCH:PHOTO 7\r", rb"[^\t\r]+\t" + _NUMBER + rb"\r"),
        (b"*FETCH:CHROMXY 7\r", rb"Chrom_x:\t[\d.]+\rChrom_y:\t[\d.]+\r"),
        (b"*FETCH:CHROMUV 7\r", rb"Chrom_u':\t[\d.]+\rChrom_v':\t[\d.]+\r"),
        (b"*FETCH:XYZ\r", labelled("X", "Y", "Z")),
    ),
    _sequence(
        _PSYCHOPY,
        "synchronises to a frame rate and measures",
        (b"*CONF:CYCMOD 1\r", ACK),
        (b"*CONF:CYCTIM 16666.666666666668\r", ACK),
        (b"*CONF:EXPO 1\r", ACK),
        (b"*INIT\r", DONE),
        (b"*FETCH:PHOTO 7\r", rb"[^:\r]+:\t" + _NUMBER + rb"\r"),
        (b"*CONF:CYCMOD 0\r", ACK),
    ),
    _sequence(
        _JETIMEAS,
        "measures a spectrum with wavelengths, then all values",
        (b"*CONF:WRAN 380 780 5\r", ACK),
        (b"*MEAS:SPRAD 0 1 7\r", DONE + spectrum(81, pairs=True)),
        (b"*MEAS:ALLVAL 0 1 7\r", DONE + rb"(?:[^\t\r]+\t" + _NUMBER + rb"\r){8}"),
    ),
)
