"""The raw spectra of a run, read again by DuckDB, which shares no code with who wrote them."""

import csv
import io
import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from ledcal.calibration.record import Record
from ledcal.instruments.spectra_sent import read_spectra
from ledcal.instruments.transcript import Transcript
from ledcal.rig.cli import app
from ledcal.rig.closing import SEAL, close_run
from ledcal.rig.folder import sha256_hex
from ledcal.rig.journal import Journal
from ledcal.rig.keys import SigningKey
from ledcal.rig.spectra_file import SPECTRA, csv_text, parquet_bytes, sent_spectra
from ledcal.rig.summary import record_of

StartRun = Callable[..., tuple[Path, Journal]]
# No single-precision number is the fourth; the last is the smallest that the instrument can say.
VALUES = ["1.461366E-04", "-7.119506E-04", "0.000000E+00", "9.999999E+09", "1.000000E-37"]
HOSTILE = "=cmd()|'x'!A0\n\x1b[31m\u202e<script>"


def take(folder: Path) -> None:
    """Write the transcript of a dark and a lit spectrum, and of one that the end cut off."""
    transcript = Transcript(folder / "transcript.jsonl")
    exchanges = [
        ("spectrometer", "*CONF:WRAN 350 354 1\r", "\x06"),
        ("spectrometer", "*CONF:AVER 1\r", "\x06"),
        ("spectrometer", "*MEAS:SPRAD\r", "\x06\x07" + "\r".join(VALUES) + "\r\r"),
        ("spectrometer", "*CONF:TINT?\r", "integration time: 18\r"),
        ("panel", "SOUR2:IRR 30.0000\n", "\n"),
        ("panel", "OUTP2 ON\n", "\n"),
        ("spectrometer", "*MEAS:SPRAD\r", "\x06\x07" + "\r".join(VALUES[::-1]) + "\r\r"),
        ("spectrometer", "*MEAS:SPRAD\r", "\x06\x071.0"),
    ]
    for instrument, command, said in exchanges:
        transcript.record(instrument, "out", command.encode("latin-1"))
        transcript.record(instrument, "in", said.encode("latin-1"))
    transcript.close()


@pytest.fixture
def taken(begin_run: StartRun) -> tuple[Path, Journal]:
    folder, journal = begin_run()
    journal.append(
        "instrument",
        {
            "role": "spectrometer",
            "maker": "JETI",
            "model": HOSTILE,
            "serial": "S1",
            "firmware": "V3.01",
            "resource": "TCPIP::127.0.0.1::4::SOCKET",
            "certificate": {"number": "C-S1", "due": "2036-01-01"},
        },
    )
    take(folder)
    return folder, journal


@pytest.fixture
def record(taken: tuple[Path, Journal]) -> Record:
    taken[1].close()
    return record_of(taken[0])


def read(path: Path) -> list[Any]:
    text = str(path).replace("'", "''")
    columns = '"at"::VARCHAR, channels, drive_codes, integration_s, averages, irradiance_w_m2_nm'
    return duckdb.execute(f"select {columns} from '{text}'").fetchall()


def test_values_are_those_of_the_transcript_bit_for_bit(
    taken: tuple[Path, Journal], record: Record, tmp_path: Path
) -> None:
    path = tmp_path / "x.parquet"
    content = parquet_bytes(sent_spectra(taken[0]), record)
    path.write_bytes(content)
    dark, lit = read(path)
    assert struct.pack("<5d", *dark[5]) == struct.pack("<5d", *map(float, VALUES))
    assert struct.pack("<5d", *lit[5]) == struct.pack("<5d", *map(float, VALUES[::-1]))
    assert dark[1:5] == ([], [], 0.018, 1)
    assert lit[1:5] == ([2], [None], None, 1)
    assert parquet_bytes(sent_spectra(taken[0]), record) == content


WORDS = ["*MEAS:SPRAD\r", "*CONF:TINT?\r", "SOUR1:DRIV?\n", "OUTP1 ON\n", "SOUR1:IRR 1\n"]
NUMBERS = st.integers(-(10**12), 10**12) | st.floats()
SAID = st.sampled_from(WORDS) | st.builds(
    "{}{}{}".format,
    st.sampled_from(["\x06\x07", "*CONF:AVER ", "*CONF:WRAN 350 1000 ", "SOUR1:DRIV ", "t: ", ""]),
    st.lists(NUMBERS, max_size=3).map(lambda found: "\r".join(map(str, found))),
    st.sampled_from(["\r\r", "\r", "\n"]),
)
AT = "2026-03-01T12:00:00.000001+00:00"
ENTRY = st.fixed_dictionaries(
    {
        "at": st.just(AT) | st.datetimes().map(str),
        "instrument": st.sampled_from(["panel", "spectrometer"]),
        "dir": st.sampled_from(["in", "out"]),
        "data": SAID.map(lambda text: text.encode("unicode_escape").decode()),
    }
)
ANSWER = st.lists(st.integers(-9, 10**21) | st.floats(-9, 9), min_size=1, max_size=3).map(
    lambda found: {
        **{"at": AT, "instrument": "spectrometer", "dir": "in"},
        "data": "\\x06\\x07" + "\\r".join(map(str, found)) + "\\r\\r",
    }
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(ENTRY | ANSWER, min_size=1, max_size=12))
def test_no_transcript_keeps_a_run_from_being_closed(
    record: Record, entries: list[dict[str, str]]
) -> None:
    measure = {"at": AT, "instrument": "spectrometer", "dir": "out", "data": "*MEAS:SPRAD\\r"}
    sent = read_spectra([json.dumps(entry) for entry in (measure, *entries)])
    event(f"{len(sent.spectra)} spectra")
    assert parquet_bytes(sent, record)
    assert csv_text(sent, record)


def test_the_file_says_what_it_holds(
    taken: tuple[Path, Journal], record: Record, tmp_path: Path
) -> None:
    path = tmp_path / "x.parquet"
    path.write_bytes(parquet_bytes(sent_spectra(taken[0]), record))
    said = duckdb.execute(
        f"select decode(value) from parquet_kv_metadata('{path}') where decode(key) = 'ledcal'"
    ).fetchall()
    facts = json.loads(said[0][0])
    assert facts["format"] == "ledcal-spectra/1"
    assert facts["run"] == record.run.run
    assert facts["simulated"] is True
    assert facts["wavelength_nm"] == {"begin": 350, "end": 354, "step": 1}
    assert facts["instrument"][0]["model"] == HOSTILE
    assert facts["instrument"][0]["certificate"]["number"] == "C-S1"
    assert facts["columns"]["irradiance_w_m2_nm"]["unit"] == "W/m2/nm"
    assert facts["unreadable"] == 1
    kinds = duckdb.execute(
        f"select compression, encodings from parquet_metadata('{path}') "
        "where path_in_schema like 'irradiance%'"
    ).fetchall()
    assert [kind for kind, _ in kinds] == ["ZSTD"]
    assert "BYTE_STREAM_SPLIT" in kinds[0][1]


def test_csv_has_the_characters_of_the_instrument(
    taken: tuple[Path, Journal], record: Record
) -> None:
    text = csv_text(sent_spectra(taken[0]), record)
    lines = text.split("\r\n")
    head = [line for line in lines if line.startswith("#")]
    assert "SIMULATED" in head[0]
    assert "\\u001b" in "".join(head)
    assert all(line.isprintable() for line in lines)
    columns, dark, lit, *rest = csv.reader(io.StringIO("\r\n".join(lines[len(head) :])))
    assert columns[5:] == ["350", "351", "352", "353", "354"]
    assert dark[1:] == ["", "", "0.018", "1", *VALUES]
    assert lit[1:] == ["2", "?", "", "1", *VALUES[::-1]]
    assert rest == []


def test_closing_writes_the_file_and_seals_it(
    taken: tuple[Path, Journal], key: SigningKey
) -> None:
    folder, journal = taken
    journal.close()
    close_run(folder, key)
    seal = json.loads((folder / SEAL).read_bytes())
    assert seal["files"][SPECTRA] == sha256_hex((folder / SPECTRA).read_bytes())
    assert len(read(folder / SPECTRA)) == 2


def test_a_run_without_light_has_no_such_file(begin_run: StartRun, key: SigningKey) -> None:
    folder, journal = begin_run()
    journal.close()
    close_run(folder, key)
    assert not (folder / SPECTRA).exists()


def test_the_command_writes_csv_of_a_run_without_a_parquet_file(
    taken: tuple[Path, Journal], record: Record, tmp_path: Path
) -> None:
    path = tmp_path / "x.csv"
    done = CliRunner().invoke(app, ["spectra", str(taken[0]), "--csv", str(path)])
    assert done.exit_code == 0, done.output
    assert f"2 spectra of run {taken[0].name}" in done.output
    assert path.read_bytes().decode() == csv_text(sent_spectra(taken[0]), record)
    (taken[0] / "transcript.jsonl").unlink()
    (taken[0] / "transcript.jsonl").mkdir()
    done = CliRunner().invoke(app, ["spectra", str(taken[0]), "--csv", str(path)])
    assert done.exit_code == 2
