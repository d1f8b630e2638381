from datetime import timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ledcal.instruments.spectra_sent import SpectraSent, read_spectra
from ledcal.instruments.transcript import Transcript

LABEL = "Spectral irradiance[W/(sqm*nm)]:\r\r"
SETTINGS = [
    ("spectrometer", "*CONF:WRAN 350 352 1\r", "\x06"),
    ("spectrometer", "*CONF:AVER 4\r", "\x06"),
]


def answer(*values: str, label: str = LABEL) -> str:
    return "\x06\x07" + label + "\r".join(values) + "\r\r"


def spectrum(*values: str, label: str = LABEL) -> list[tuple[str, str, str]]:
    return [
        ("spectrometer", "*MEAS:SPRAD\r", answer(*values, label=label)),
        ("spectrometer", "*CONF:TINT?\r", "integration time: 9\r"),
    ]


def read(tmp_path: Path, exchanges: list[tuple[str, str, str]]) -> SpectraSent:
    """What is read from a transcript of these exchanges: instrument, command and answer."""
    path = tmp_path / "transcript.jsonl"
    transcript = Transcript(path)
    for instrument, command, said in exchanges:
        transcript.record(instrument, "out", command.encode("latin-1"))
        if said:
            transcript.record(instrument, "in", said.encode("latin-1"))
    transcript.close()
    with path.open(encoding="ascii") as lines:
        return read_spectra(lines)


def test_a_spectrum_keeps_its_characters_and_settings(tmp_path: Path) -> None:
    sent = read(tmp_path, [*SETTINGS, *spectrum("1.461366E-04", "-7.1E-06", "0")])
    assert (sent.begin_nm, sent.end_nm, sent.step_nm) == (350, 352, 1)
    assert sent.unreadable == 0
    (one,) = sent.spectra
    assert one.irradiance_w_m2_nm == ("1.461366E-04", "-7.1E-06", "0")
    assert (one.integration_s, one.averages, one.drive_code) == (0.009, 4, {})
    assert one.at.utcoffset() == timedelta(0)


def test_firmware_before_3_00_sends_no_label(tmp_path: Path) -> None:
    sent = read(tmp_path, spectrum("1.0E+00", "2.0E+00", label=""))
    assert sent.spectra[0].irradiance_w_m2_nm == ("1.0E+00", "2.0E+00")
    assert sent.begin_nm is None
    assert sent.spectra[0].averages is None


def test_the_time_that_the_last_spectrum_took_is_the_first_of_two_lines(tmp_path: Path) -> None:
    said = "Previous tint: 12\rConfigured tint: 100\r"
    exchanges = [spectrum("1", "2", "3")[0], ("spectrometer", "*CONF:TINT?\r", said)]
    assert read(tmp_path, exchanges).spectra[0].integration_s == 0.012


def test_lit_channels_are_those_that_the_panel_was_told(tmp_path: Path) -> None:
    sent = read(
        tmp_path,
        [
            ("panel", "SOUR1:DRIV 65535\n", ""),
            ("panel", "SOUR3:DRIV 10\n", ""),
            ("panel", "OUTP3 ON\n", ""),
            ("panel", "OUTP1 ON\n", ""),
            *spectrum("1"),
            ("panel", "OUTP1 OFF\n", ""),
            *spectrum("1"),
            ("panel", "OUTP:ALL OFF\n", ""),
            *spectrum("1"),
        ],
    )
    assert [one.drive_code for one in sent.spectra] == [{1: 65535, 3: 10}, {3: 10}, {}]


def test_code_behind_a_request_is_the_one_read_before_the_light_changes(tmp_path: Path) -> None:
    sent = read(
        tmp_path,
        [
            ("panel", "SOUR2:DRIV 7\n", ""),
            ("panel", "SOUR2:IRR 30.0000\n", ""),
            ("panel", "OUTP2 ON\n", ""),
            *spectrum("1"),
            ("panel", "SOUR2:DRIV?\n", "11162\n"),
            ("panel", "SOUR2:IRR 40.0000\n", ""),
            *spectrum("1"),
            ("panel", "OUTP:ALL OFF\n", ""),
            ("panel", "SOUR2:DRIV?\n", "0\n"),
        ],
    )
    assert [one.drive_code for one in sent.spectra] == [{2: 11162}, {2: None}]


def test_what_is_no_whole_spectrum_is_counted(tmp_path: Path) -> None:
    measure = "*MEAS:SPRAD\r"
    sent = read(
        tmp_path,
        [
            ("spectrometer", measure, "\x06\x15"),  # refused: overexposed
            ("spectrometer", measure, answer("1.0", "2.0")[:-2]),  # cut off
            ("spectrometer", measure, answer("1.0", "<b>")),
            ("spectrometer", measure, answer("1.0", "nan")),
            ("spectrometer", measure, "\x06\x07\r\r"),
            *spectrum("1.0"),
            ("spectrometer", measure, ""),  # killed before the answer
        ],
    )
    assert len(sent.spectra) == 1
    assert sent.unreadable == 5


@given(st.lists(st.text(max_size=60) | st.sampled_from(['{"at": 1}', "[]", "null", '"a"'])))
def test_damaged_lines_are_passed_over(lines: list[str]) -> None:
    sent = read_spectra(lines)
    assert (sent.spectra, sent.unreadable) == ([], len(lines))


def test_a_line_of_another_type_is_damaged() -> None:
    line = '{"at": "2026-01-01T00:00:00+00:00", "instrument": "panel", "dir": "in", "data": "7"}'
    assert read_spectra([line]).unreadable == 0
    changes = [('"7"', "7"), ('"7"', '"\\\\x"'), ("}", ""), ("+00:00", ""), ("2026", "20X6")]
    damaged = [line.replace(*change) for change in changes]
    assert read_spectra(damaged).unreadable == len(damaged)
