"""The raw spectra of a run: one Parquet file in its folder, or CSV for a person and a spreadsheet.

Both come from the transcript. The Parquet file is a faster form of it for whoever evaluates many
runs; the transcript stays the original.
"""

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

from ledcal.calibration.record import Record
from ledcal.instruments.spectra_sent import SpectraSent, SpectrumSent, read_spectra
from ledcal.reports.text import legible
from ledcal.rig.errors import RefusedInput
from ledcal.rig.folder import write_whole

SPECTRA = "spectra.parquet"
SPECTRA_FORMAT = "ledcal-spectra/1"
_TRANSCRIPT = "transcript.jsonl"
_VALUES = "irradiance_w_m2_nm"
_FORMULA, _AS_TEXT = re.compile(r"([,;]\s*\"?)(?=[=+@-])"), r"\1'"
"""A spreadsheet cuts a line of the head at each comma; what follows must not begin a formula."""
COLUMNS = {
    "at": ("", "UTC time at which the spectrum had come"),
    "channels": ("", "LED channels that the panel was commanded to light, empty in the dark"),
    "drive_codes": ("", "raw drive code of each of them, 0 to 65535; empty where it is not known"),
    "integration_s": ("s", "integration time that the instrument tells of the spectrum"),
    "averages": ("", "scans that the instrument averaged"),
    _VALUES: ("W/m2/nm", "spectral irradiance as sent, corrected by nothing but the instrument"),
}
"""Name of each column, its UCUM unit and what it holds."""


def sent_spectra(folder: Path) -> SpectraSent:
    """Return the spectra in a run's transcript; none where there is no transcript.

    Raises:
        RefusedInput: The transcript cannot be read.
    """
    try:
        # A damaged byte spoils its own line only.
        with (folder / _TRANSCRIPT).open(encoding="ascii", errors="replace") as lines:
            return read_spectra(lines)
    except FileNotFoundError:
        return read_spectra(())
    except OSError as error:
        raise RefusedInput("TRANSCRIPT", f"{folder / _TRANSCRIPT}: {error.strerror}") from error


def write_spectra(folder: Path, record: Record) -> None:
    """Write the Parquet file of a run's spectra; none where no spectrum was taken.

    Raises:
        StationError: The disk refuses.
    """
    sent = sent_spectra(folder)
    if sent.spectra:
        write_whole(folder / SPECTRA, parquet_bytes(sent, record))


def parquet_bytes(sent: SpectraSent, record: Record) -> bytes:
    """Return spectra as a Parquet file: zstd, the values split by byte, all numbers exact.

    A value of seven digits does not fit a single-precision number, so they are doubles.
    """
    # 0.2 s of CPU: only who writes spectra pays it.
    import pyarrow
    from pyarrow import parquet

    rows = sent.spectra
    times = pyarrow.array([one.at for one in rows], pyarrow.timestamp("us", tz="UTC"))
    values = [[float(text) for text in one.irradiance_w_m2_nm] for one in rows]
    arrays = {
        "at": times,
        "channels": pyarrow.array(
            [list(one.drive_code) for one in rows], pyarrow.list_(pyarrow.int32())
        ),
        "drive_codes": pyarrow.array(
            [list(one.drive_code.values()) for one in rows], pyarrow.list_(pyarrow.int32())
        ),
        "integration_s": pyarrow.array([one.integration_s for one in rows], pyarrow.float64()),
        "averages": pyarrow.array([one.averages for one in rows], pyarrow.int32()),
        _VALUES: pyarrow.array(values, pyarrow.list_(pyarrow.float64())),
    }
    fields = [
        pyarrow.field(name, array.type, metadata=_field_facts(name))
        for name, array in arrays.items()
    ]
    facts = json.dumps(file_facts(sent, record), sort_keys=True, ensure_ascii=False)
    schema = pyarrow.schema(fields, metadata={"ledcal": facts})
    table = pyarrow.Table.from_arrays(list(arrays.values()), schema=schema)
    sink = pyarrow.BufferOutputStream()
    parquet.write_table(
        table,
        sink,
        compression="zstd",
        use_dictionary=False,
        use_byte_stream_split=[f"{_VALUES}.list.element"],
    )
    return bytes(sink.getvalue())


def file_facts(sent: SpectraSent, record: Record) -> dict[str, Any]:
    """Return what the file says of itself, so that it can be read without anything else."""
    instruments = [one for one in record.instruments if one.role == "spectrometer"]
    return {
        "format": SPECTRA_FORMAT,
        "run": record.run.run,
        "serial": record.run.serial,
        "simulated": record.run.simulated,
        "source": f"the run's {_TRANSCRIPT}: what the instrument sent, character for character",
        "wavelength_nm": {"begin": sent.begin_nm, "end": sent.end_nm, "step": sent.step_nm},
        "columns": {
            name: {"unit": unit, "description": text} for name, (unit, text) in COLUMNS.items()
        },
        "instrument": [
            {
                "maker": one.maker,
                "model": one.model,
                "serial": one.serial,
                "firmware": one.firmware,
                "certificate": dict(one.certificate),
            }
            for one in instruments
        ],
        "unreadable": sent.unreadable,
    }


def csv_text(sent: SpectraSent, record: Record) -> str:
    """Return spectra as CSV: a head that explains every column, then a line for each spectrum.

    The values are the characters that the instrument sent. Lines of the head begin with `#`;
    text in them that comes from outside is made legible, so that no cell can begin a formula.
    """
    facts = file_facts(sent, record)
    grid = facts["wavelength_nm"]
    mark = "SIMULATED: no real instrument took part. " if record.run.simulated else ""
    head = [
        f"{mark}Raw spectra of run {record.run.run}, panel {record.run.serial}",
        f"format {SPECTRA_FORMAT}; from {facts['source']}",
        *(f"spectrometer {_identity(one)}" for one in facts["instrument"]),
        f"wavelengths {grid['begin']} nm to {grid['end']} nm, step {grid['step']} nm",
        *(f"column {name}{f' [{unit}]' if unit else ''}: {t}" for name, (unit, t) in _PLAIN),
        f"columns named by a wavelength in nm: {COLUMNS[_VALUES][1]} [W/m2/nm]",
        "channels and drive codes of one spectrum are separated by a space, a code that is not "
        "known is ?",
    ]
    out = io.StringIO()
    for line in head:
        out.write(f"# {_FORMULA.sub(_AS_TEXT, legible(line, longest=1000))}\r\n")
    rows = csv.writer(out)  # RFC 4180
    longest = max((len(one.irradiance_w_m2_nm) for one in sent.spectra), default=0)
    rows.writerow([*(name for name, _ in _PLAIN), *_axis(sent, longest)])
    rows.writerows(_cells(one) for one in sent.spectra)
    return out.getvalue()


_PLAIN = [(name, said) for name, said in COLUMNS.items() if name != _VALUES]


def _field_facts(name: str) -> dict[str, str]:
    unit, text = COLUMNS[name]
    return {"description": text} | ({"unit": unit} if unit else {})


def _identity(one: dict[str, Any]) -> str:
    certificate = one["certificate"].get("number", "not recorded")
    who = f"{one['maker']} {one['model']}, serial {one['serial']}, firmware {one['firmware']}"
    return f"{who}, certificate {certificate}"


def _axis(sent: SpectraSent, longest: int) -> list[str]:
    """Return the name of each value's column; its place where the wavelengths are not known."""
    if sent.begin_nm is None or not sent.step_nm:
        return [f"value {place}" for place in range(1, longest + 1)]
    return [str(sent.begin_nm + sent.step_nm * place) for place in range(longest)]


def _cells(one: SpectrumSent) -> list[str]:
    codes = ("?" if code is None else str(code) for code in one.drive_code.values())
    return [
        one.at.isoformat(timespec="microseconds"),
        " ".join(map(str, one.drive_code)),
        " ".join(codes),
        "" if one.integration_s is None else f"{one.integration_s:g}",
        "" if one.averages is None else str(one.averages),
        *one.irradiance_w_m2_nm,
    ]
