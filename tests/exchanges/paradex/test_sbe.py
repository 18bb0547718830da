"""How Paradex's binary frames are cut into parts and put together: row 1 of what was corrected."""

from struct import Struct, pack

import pytest

from exchanges import VENUES
from exchanges.errors import VenueProtocolError
from exchanges.paradex import sbe
from exchanges.paradex.sbe import NONE, read, units, write
from exchanges.stream.books import MarketCodec
from tests.exchanges.paradex.frames import pack as packed
from tests.exchanges.paradex.test_public import TRANSCRIPTS
from tests.exchanges.test_fuzz import check
from tests.exchanges.transcripts import RECEIVED_NS, open_codec

VENUE = VENUES["paradex"]
PAIR = Struct("<qB")
LEVELS = [(8347220000000, 19000), (8341220000000, 0)]


def frame(version: int = 2) -> bytes:
    return write(sbe.BOOK, PAIR.pack(-5, 7), ("BTC-USD-PERP",), (LEVELS, ()), version)


def test_paradex_c1_what_is_written_is_read() -> None:
    message = read(frame())
    assert message is not None
    assert (message.template, message.market) == (sbe.BOOK, "BTC-USD-PERP")
    assert message.fields(PAIR) == (-5, 7)
    assert message.levels(0) == [(83472.2, 0.00019), (83412.2, 0.0)]
    assert message.levels(1) == []


def test_paradex_c1_what_later_versions_append_is_left_alone() -> None:
    entry = pack("<qqh", 10**8, 2 * 10**8, 9)
    later = b"".join(
        (
            pack("<HHHH", 12, sbe.BOOK, 1, 9),
            PAIR.pack(-5, 7) + b"new",
            pack("<HH", 18, 2) + entry * 2,
            pack("<HH", 18, 0),
            b"\x03BTC" + b"\x02ab" + b"\xff and more",
        )
    )
    message = read(later)
    assert message is not None
    assert message.fields(Struct("<qBi"), PAIR) == (-5, 7)
    assert message.levels(0) == [(1.0, 2.0)] * 2
    assert message.texts == ("BTC",)


def test_paradex_c1_older_blocks_have_fewer_fields() -> None:
    message = read(write(sbe.BBO, PAIR.pack(1, 2), ("BTC",)))
    assert message is not None
    assert message.fields(Struct("<qBq"), PAIR) == (1, 2)
    with pytest.raises(ValueError, match="a block of 9 bytes"):
        message.fields(Struct("<qq"))


@pytest.mark.parametrize("template", [0, 6, 20, 40, 65535])
def test_paradex_c1_unknown_templates_are_skipped(template: int) -> None:
    assert read(pack("<HHHH", 4, template, 1, 1) + b"abcd") is None


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"\x00" * 7,
        pack("<HHHH", 0, sbe.BBO, 2, 1) + b"\x01X",
        pack("<HHHH", 0, sbe.BBO, 1, 1),
        pack("<HHHH", 0, sbe.BBO, 1, 1) + b"\x02X",
        pack("<HHHH", 0, sbe.BBO, 1, 1) + b"\x01\xff",
        pack("<HHHH", 9, sbe.BBO, 1, 1) + b"\x01X",
        pack("<HHHH", 0, sbe.BOOK, 1, 1) + pack("<HHHH", 16, 65535, 16, 0) + b"\x01X",
    ],
)
def test_paradex_c1_frame_that_cannot_be_is_an_error(bad: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read(bad)


@pytest.mark.parametrize(
    ("text", "unit", "number"),
    [
        ("83472.2", sbe.UNIT, 8347220000000),
        ("-0.00000001", sbe.UNIT, -1),
        ("0.000000019", sbe.UNIT, 1),
        ("0.000071729184", sbe.FINE_UNIT, 71729184),
        ("", sbe.UNIT, NONE),
        ("1e11", sbe.UNIT, (1 << 63) - 1),
    ],
)
def test_paradex_c1_numbers_are_told_in_units(text: str, unit: int, number: int) -> None:
    assert units(text, unit) == number


@pytest.mark.parametrize("text", ["0.1", "83472.2", "9007199.25474099", "123456789012.34567891"])
def test_paradex_c1_number_is_the_float_that_its_text_would_be(text: str) -> None:
    """A size of many digits too: equal sizes are equal, however they were told."""
    level = [(units(text), units(text))]
    message = read(write(sbe.BOOK, b"", ("X",), (level, ())))
    assert message is not None
    told = min(float(text), ((1 << 63) - 1) / sbe.UNIT)
    assert message.levels(0) == [(told, told)]


def codec_of(stream: str, *, listening: bool = False) -> MarketCodec:
    transcripts = [each for each in TRANSCRIPTS if each.stream == stream]
    return open_codec(VENUE, stream, transcripts, listening=listening)


def binary_frames() -> list[tuple[str, bytes]]:
    frames = {
        raw: transcript.stream
        for transcript in TRANSCRIPTS
        for each in transcript.frames
        if isinstance(raw := packed(each), bytes)
    }
    return [(stream, raw) for raw, stream in frames.items()]


def spoiled(raw: bytes) -> list[bytes]:
    """Cut at every place, and with every byte changed, in four ways."""
    cut = [raw[:at] for at in range(len(raw))]
    masks = (0x01, 0x10, 0x80, 0xFF)
    changed = [
        raw[:at] + bytes((raw[at] ^ mask,)) + raw[at + 1 :]
        for at in range(len(raw))
        for mask in masks
    ]
    return cut + changed


@pytest.mark.parametrize("listening", [False, True], ids=["subscribed", "listening"])
def test_paradex_c1_every_cut_and_every_changed_byte_is_an_error_or_a_value(
    listening: bool,
) -> None:
    outcomes = {"error": 0, "value": 0}
    for stream, raw in binary_frames():
        codec = codec_of(stream, listening=listening)
        for bad in spoiled(raw):
            try:
                events = codec.receive(bad, RECEIVED_NS)
            except VenueProtocolError:
                outcomes["error"] += 1
            else:
                outcomes["value"] += 1
                for event in events:
                    check(event)
    assert min(outcomes.values()) > 1000


def test_paradex_c1_every_cut_is_an_error() -> None:
    """But for an id of a trade that is missing whole, as it is in frames of version 1."""
    for stream, raw in binary_frames():
        codec = codec_of(stream)
        for end in range(len(raw)):
            message = None
            try:
                codec.receive(raw[:end], RECEIVED_NS)
                message = read(raw[:end])
            except VenueProtocolError:
                continue
            assert message is not None
            assert message.template == sbe.TRADE
            assert message.texts == ("BTC-USD-PERP",)
