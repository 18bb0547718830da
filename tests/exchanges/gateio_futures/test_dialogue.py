"""Gate.io's futures streams: what is asked for, and how a book is kept."""

import json

import pytest

from exchanges import VENUES
from exchanges.errors import CodecUsageError
from exchanges.market.events import BookDelta, BookSnapshot, Fault, Notice, SubscriptionState
from exchanges.market.instrument import Instruments, Kind
from exchanges.market.topics import Channel, KlineInterval, Topic
from exchanges.replies.response import Response
from exchanges.stream.books import MarketCodec
from tests.exchanges.transcripts import RECEIVED_NS, ids, market, send_all, stream_of

VENUE = VENUES["gateio_futures"]
STREAM = stream_of(VENUE, "stream")
BTC = market("BTC/USDT:USDT", "BTC_USDT", venue="gateio_futures", contract_size="0.0001")
BOOK = Topic(Channel.BOOK, BTC.symbol)


def listening_codec() -> MarketCodec:
    return VENUE.codec(STREAM, Instruments([BTC]), listening=True)


def update(channel: str, result: object, event: str = "update") -> str:
    return json.dumps({"time": 1, "channel": channel, "event": event, "result": result})


# Requests.


@pytest.mark.parametrize(
    ("channel", "interval", "name", "payload"),
    [
        (Channel.BOOK, None, "futures.obu", ["ob.BTC_USDT.400"]),
        (Channel.TOP, None, "futures.book_ticker", ["BTC_USDT"]),
        (Channel.TRADES, None, "futures.trades", ["BTC_USDT"]),
        (Channel.TICKER, None, "futures.tickers", ["BTC_USDT"]),
        (Channel.FUNDING, None, "futures.tickers", ["BTC_USDT"]),
        (Channel.LIQUIDATIONS, None, "futures.public_liquidates", ["BTC_USDT"]),
        (Channel.KLINES, KlineInterval.M1, "futures.candlesticks", ["1m", "BTC_USDT"]),
    ],
)
def test_topic_is_asked_for_by_its_channel(
    channel: Channel, interval: KlineInterval | None, name: str, payload: list[str]
) -> None:
    codec = VENUE.codec(STREAM, Instruments([BTC]))
    codec.subscribe([Topic(channel, BTC.symbol, interval)])
    (frame,) = send_all(codec)
    request = json.loads(frame)
    assert (request["channel"], request["event"]) == (name, "subscribe")
    assert request["payload"] == payload
    answer = {**request, "result": {"status": "success"}}
    (news,) = codec.receive(json.dumps(answer), RECEIVED_NS)
    assert getattr(news, "state", None) is SubscriptionState.SUBSCRIBED


def test_channels_of_the_tickers_share_one_subscription() -> None:
    shared = (Channel.TICKER, Channel.FUNDING, Channel.MARK_PRICE, Channel.OPEN_INTEREST)
    codec = VENUE.codec(STREAM, Instruments([BTC]))
    codec.subscribe(Topic(channel, BTC.symbol) for channel in shared)
    (frame,) = send_all(codec)
    assert json.loads(frame)["payload"] == ["BTC_USDT"]


def test_candle_that_the_venue_has_not_is_a_mistake_of_ours() -> None:
    codec = VENUE.codec(STREAM, Instruments([BTC]))
    with pytest.raises(CodecUsageError):
        codec.subscribe([Topic(Channel.KLINES, BTC.symbol, KlineInterval.M3)])


def test_ping_pong_and_restart_have_the_prefix_of_futures() -> None:
    codec = listening_codec()
    codec.expire(0.0, RECEIVED_NS)
    codec.expire(codec.deadline, RECEIVED_NS)
    (frame,) = codec.outgoing(100.0)
    assert json.loads(frame)["channel"] == "futures.ping"
    assert codec.receive('{"time":1,"channel":"futures.pong","event":""}', RECEIVED_NS) == ()
    upgrade = update("futures.system", {"type": "upgrade"})
    (notice,) = codec.receive(upgrade, RECEIVED_NS)
    assert notice == Notice(venue="gateio_futures", close_in_s=0.0, message="server upgrade")


# The book.


def whole_book(last: int) -> str:
    result = {"t": 1, "full": True, "s": "ob.BTC_USDT.400", "u": last, "b": [], "a": []}
    return update("futures.obu", result)


def changes(first: int, last: int) -> str:
    return update("futures.obu", {"t": 1, "s": "ob.BTC_USDT.400", "U": first, "u": last})


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (changes(101, 105), [(100, 105)]),
        (changes(96, 100), []),
        (changes(102, 105), [Fault.GAP]),
        (changes(99, 105), [Fault.GAP]),
        (whole_book(50), [50]),
    ],
    ids=["follows", "repeated", "gap", "straddles", "whole, older"],
)
def test_changes_must_begin_one_above_the_book(frame: str, told: list[object]) -> None:
    codec = VENUE.codec(STREAM, Instruments([BTC]))
    codec.subscribe([BOOK])
    send_all(codec)
    assert ids(codec.receive(changes(90, 95), RECEIVED_NS)) == []
    assert ids(codec.receive(whole_book(100), RECEIVED_NS)) == [100]
    assert ids(codec.receive(frame, RECEIVED_NS)) == told


def joined(first: int, last: int, **changes: object) -> str:
    """Of the older stream, which is read from recordings; its levels are objects."""
    levels = {"b": [{"p": "9", "s": 20_000}], "a": [{"p": "10", "s": "0"}]}
    return update(
        "futures.order_book_update",
        {"t": 1, "s": "BTC_USDT", "U": first, "u": last, **levels, **changes},
    )


def fetched(last: int) -> BookSnapshot:
    level = {"p": "9", "s": 10_000}
    body = json.dumps({"id": last, "current": 1.5, "bids": [level], "asks": []}).encode()
    return VENUE.rest.book(BTC).read(Response(status=200, body=body, received_ns=RECEIVED_NS))


@pytest.mark.parametrize(
    ("base", "told"),
    [
        (99, []),  # behind the first frame: to be fetched again
        (100, [100, (100, 103), (103, 105)]),
        (102, [102, (102, 103), (103, 105)]),
        (105, [105]),
    ],
)
def test_recorded_changes_are_joined_to_a_snapshot(base: int, told: list[object]) -> None:
    codec = listening_codec()
    for frame in (joined(101, 103), joined(104, 105)):
        assert codec.receive(frame, RECEIVED_NS) == ()
    assert ids(codec.start(fetched(base))) == told


def test_recorded_levels_are_in_base_units_on_both_ways() -> None:
    codec = listening_codec()
    codec.receive(joined(101, 103), RECEIVED_NS)
    first, second = codec.start(fetched(100))
    assert isinstance(first, BookSnapshot)
    assert isinstance(second, BookDelta)
    assert (first.bids, first.asks) == ([(9.0, 1.0)], [])
    assert (second.bids, second.asks) == ([(9.0, 2.0)], [(10.0, 0.0)])
    assert first.venue_ns == 1_500_000_000


@pytest.mark.parametrize(("level", "window"), [({}, 100), ({"l": "20"}, 20), ({"l": "100"}, 100)])
def test_recorded_book_is_kept_as_deep_as_its_stream_tells(
    level: dict[str, str], window: int
) -> None:
    codec = listening_codec()
    codec.receive(joined(101, 103, **level), RECEIVED_NS)
    first, _ = codec.start(fetched(100))
    assert isinstance(first, BookSnapshot)
    assert first.window == window


def test_recorded_whole_book_needs_no_snapshot() -> None:
    codec = listening_codec()
    codec.receive(joined(90, 95), RECEIVED_NS)
    (first,) = codec.receive(joined(1, 100, full=True, l="50"), RECEIVED_NS)
    assert isinstance(first, BookSnapshot)
    assert (first.sequence, first.window) == (100, 50)
    assert ids(codec.receive(joined(101, 103), RECEIVED_NS)) == [(100, 103)]


def test_recorded_partial_books_replace_each_other() -> None:
    codec = listening_codec()

    def partial(last: int) -> str:
        book = {"t": 1, "contract": "BTC_USDT", "id": last, "bids": [{"p": "1", "s": 2}]}
        return update("futures.order_book", book | {"asks": []}, event="all")

    assert ids(codec.receive(partial(100), RECEIVED_NS)) == [100]
    assert ids(codec.receive(partial(99), RECEIVED_NS)) == []
    assert ids(codec.receive(partial(105), RECEIVED_NS)) == [105]


# Markets that are known by name only.


@pytest.mark.parametrize(
    ("native", "symbol"),
    [
        ("LUNC_USDT", "LUNC/USDT:USDT"),
        ("MPH_USDT", "MORPHER/USDT:USDT"),
        ("BTC_USD", "BTC/USD:BTC"),
        ("BTC_USDT_20261225", None),
        ("BTCUSDT", None),
    ],
)
def test_market_is_guessed_from_its_name(native: str, symbol: str | None) -> None:
    instrument = VENUE.guess(Kind.PERPETUAL, native)
    assert (instrument.symbol if instrument else None) == symbol


def test_recordings_of_perpetuals_are_read_here() -> None:
    assert set(VENUE.recorded) == {"gateio_futures", "gateio-futures"}
    assert set(VENUE.recorded.values()) == {Kind.PERPETUAL}
