from hypothesis import given
from hypothesis import strategies as st

from ledcal.instruments.virtual.messages import LONGEST_MESSAGE, MessageSplitter
from ledcal.instruments.virtual.scpi_grammar import definite_block, split_block

PLAIN = st.text("ABC:;?* 123,", max_size=20).map(str.encode)
BLOCKS = st.binary(min_size=1, max_size=300)
MESSAGES = st.lists(PLAIN | BLOCKS.map(lambda content: b"CAL:DATA " + definite_block(content)))


@given(MESSAGES, st.lists(st.integers(1, 50)))
def test_messages_are_the_same_however_the_bytes_arrive(
    messages: list[bytes], sizes: list[int]
) -> None:
    stream = b"".join(message + b"\n" for message in messages)
    splitter, seen = MessageSplitter(), []
    for size in sizes:
        seen += splitter.feed(stream[:size])
        stream = stream[size:]
    seen += splitter.feed(stream)
    assert seen == messages
    assert not splitter.unfinished


@given(BLOCKS)
def test_a_block_comes_out_as_it_went_in(content: bytes) -> None:
    text, block = split_block(b"CAL:DATA " + definite_block(content))
    assert text == "CAL:DATA "
    assert block == content


def test_carriage_return_is_cut_off_a_line_but_not_off_a_block() -> None:
    # One signature in 256 ends with this byte.
    stream = b"*IDN?\r\nCAL:DATA #12\x00\r\nCAL:DATA #12\x00\r\r\n"
    seen = MessageSplitter().feed(stream)
    assert seen == [b"*IDN?", b"CAL:DATA #12\x00\r", b"CAL:DATA #12\x00\r"]


def test_newlines_inside_a_block_end_no_message() -> None:
    splitter = MessageSplitter()
    assert splitter.feed(b"CAL:DATA #13\n\n") == []
    assert splitter.feed(b"\n") == []
    assert splitter.feed(b"\n*IDN?\r\n") == [b"CAL:DATA #13\n\n\n", b"*IDN?"]


def test_a_length_that_is_no_number_ends_at_its_newline() -> None:
    for block in (b"#2x9", b"#9", b"#41", b"#900000000"):
        stream = b"CAL:DATA " + block + b"\n*IDN?\n"
        assert MessageSplitter().feed(stream) == [b"CAL:DATA " + block, b"*IDN?"]


def test_an_endless_message_is_dropped() -> None:
    splitter = MessageSplitter()
    assert splitter.feed(b"A" * (LONGEST_MESSAGE + 1)) == []
    assert splitter.overrun
    assert splitter.feed(b"*IDN?\n") == [b"*IDN?"]


def test_an_empty_block_is_written_as_ten() -> None:
    assert definite_block(b"") == b"#10"
