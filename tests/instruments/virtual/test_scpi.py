import asyncio
from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from ledcal.instruments.virtual.scpi import ErrorQueue, Handler, ScpiInstrument


class Echo(ScpiInstrument):
    """A small instrument: two settings of one branch."""

    queue_depth = 4

    def __init__(self) -> None:
        self.seen: list[str] = []
        super().__init__()

    def identity(self) -> str:
        return "Maker,Echo,1,1"

    def commands(self) -> Mapping[str, Handler]:
        return {
            "SENSe:ONE": lambda call: self.seen.append(f"one {call.only()}"),
            "SENSe:TWO": lambda call: self.seen.append(f"two {call.only()}"),
            "SENSe:NUMBer?": lambda _: "7",
            "SENSe:CHANnel#?": lambda call: str(call.suffixes[0]),
        }


def answer(instrument: ScpiInstrument, message: str) -> str | None:
    reply = asyncio.run(instrument.execute(message.encode()))
    return None if reply is None else reply.decode()


def test_a_semicolon_keeps_the_path_and_a_colon_returns_to_the_root() -> None:
    echo = Echo()
    answer(echo, "SENS:ONE 1;TWO 2;:SENS:ONE 3;*CLS;TWO 4")
    assert echo.seen == ["one 1", "two 2", "one 3", "two 4"]


def test_replies_of_one_message_are_joined() -> None:
    assert answer(Echo(), "SENS:NUMB?;*OPC?;NUMB?") == "7;1;7"


def test_an_unknown_query_gives_no_reply_and_an_error() -> None:
    echo = Echo()
    assert answer(echo, "SENS:THREE?") is None
    assert answer(echo, "SYST:ERR?") == '-113,"Undefined header"'
    assert answer(echo, "SYST:ERR?") == '0,"No error"'


def test_a_character_that_is_not_ascii_is_refused_before_it_is_kept() -> None:
    echo = Echo()
    assert answer(echo, "SENS:ONE 5\N{DEGREE SIGN};NUMB?") is None
    assert echo.seen == []
    assert answer(echo, "SYST:ERR?") == '-101,"Invalid character"'


def test_an_endless_suffix_is_no_header() -> None:
    echo = Echo()
    assert answer(echo, "SENS:CHAN12?") == "12"
    # More digits than Python turns into a number.
    assert answer(echo, f"SENS:CHAN{'9' * 5000}?") is None
    assert answer(echo, "SYST:ERR?") == '-113,"Undefined header"'


def test_missing_and_needless_parameters_are_errors() -> None:
    echo = Echo()
    answer(echo, "SENS:ONE;ONE 1,2")
    assert answer(echo, "SYST:ERR?") == '-109,"Missing parameter"'
    assert answer(echo, "SYST:ERR:NEXT?") == '-108,"Parameter not allowed"'


def test_common_commands_take_what_488_2_gives_them() -> None:
    echo = Echo()
    assert answer(echo, "*IDN? 1;*CLS 2") is None
    assert answer(echo, "*ESE 32.4;*SRE 3.6E1;*ESE?;*SRE?") == "32;36"
    assert answer(echo, "SYST:ERR?;ERR?;ERR?") == ";".join(
        ['-108,"Parameter not allowed"'] * 2 + ['0,"No error"']
    )


def test_power_on_sets_bit_7_and_reading_clears_it() -> None:
    echo = Echo()
    assert answer(echo, "*ESR?") == "128"
    assert answer(echo, "*ESR?") == "0"


def test_errors_set_their_class_bit_and_the_status_byte() -> None:
    echo = Echo()
    answer(echo, "*CLS;*ESE 32;*SRE 32;NONSENSE")
    assert answer(echo, "*STB?") == str(0x04 | 0x20 | 0x40)
    assert answer(echo, "*ESR?") == "32"


@given(st.integers(1, 20), st.integers(0, 40))
def test_a_full_queue_ends_with_overflow(depth: int, errors: int) -> None:
    queue = ErrorQueue(depth)
    for _ in range(errors):
        queue.push(-222)
    codes = [queue.pop()[0] for _ in range(len(queue))]
    expected = [-222] * min(errors, depth)
    if errors > depth:
        expected[-1] = -350
    assert codes == expected
    assert queue.pop() == (0, "No error")
