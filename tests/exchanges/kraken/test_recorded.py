"""Real payloads of Kraken, read value by value, and its books proven by 160 real checksums.

The checksums of the older streams in `kraken-v1.jsonl.gz` are made in the same way.
"""

import gzip
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from actors.books.order_book import OrderBook
from exchanges import VENUES
from exchanges.errors import (
    AuthenticationError,
    ExchangeError,
    InvalidSymbol,
    RateLimited,
    TradingDisabled,
)
from exchanges.market.events import BookDelta, BookSnapshot, Event, Kline, Level, Ticker, Top, Trade
from exchanges.market.instrument import Instrument, Instruments, Status
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval
from exchanges.stream.books import MarketCodec
from tests.exchanges.transcripts import RECEIVED_NS, market, ok

pytestmark = pytest.mark.recorded

VENUE = VENUES["kraken"]
REST = VENUE.rest
(LIST,) = REST.instruments()
(STREAM,) = VENUE.streams
BTC = market("BTC/USD", "BTC/USD", venue="kraken", tick="0.1", step="0.00000001")
MATIC = market("MATIC/USD", "MATIC/USD", venue="kraken")
USDT = market("BTC/USDT", "BTC/USDT", venue="kraken")

Sample = Callable[[str], bytes]


def listening_codec() -> MarketCodec:
    return VENUE.codec(STREAM, Instruments([BTC, MATIC]), listening=True)


def load(sample: Sample, file: str) -> Any:
    return json.loads(sample(f"kraken/{file}.json"))


def levels(rows: list[dict[str, float]]) -> list[Level]:
    return [(row["price"], row["qty"]) for row in rows]


def test_snapshot_of_the_documentation_is_proven_by_its_checksum(sample: Sample) -> None:
    (row,) = load(sample, "ws_book_snapshot")["data"]
    codec, book = listening_codec(), OrderBook(BTC, VENUE.checksum)
    (start,) = codec.receive(sample("kraken/ws_book_snapshot.json"), RECEIVED_NS)
    assert isinstance(start, BookSnapshot)
    assert start.checksum == 3310070434
    assert (start.bids, start.asks) == (levels(row["bids"]), levels(row["asks"]))
    assert (start.bids[0], start.asks[-1]) == ((45283.5, 0.1), (45299.5, 0.18772827))
    book.apply(start)
    assert book.is_live


def test_every_checksum_of_a_live_session_proves_the_book(sample: Sample) -> None:
    session = load(sample, "ws_book_session_with_checksums")
    codec, book = listening_codec(), OrderBook(BTC, VENUE.checksum)
    for frame in (session["init"], *session["updates"]):
        (event,) = codec.receive(json.dumps(frame), RECEIVED_NS)
        assert isinstance(event, BookSnapshot | BookDelta)
        assert event.checksum == frame["data"][0]["checksum"]
        book.apply(event)
        assert book.is_live, book.detail
    assert (book.snapshots, book.updates) == (1, 150)
    assert len(book.bids(99)) == len(book.asks(99)) == 10


def test_frame_that_is_left_out_of_the_session_leaves_no_wrong_book(sample: Sample) -> None:
    """The next checksum shows it, unless what was lost is told again by then."""
    session = load(sample, "ws_book_session_with_checksums")
    frames = [json.dumps(frame) for frame in (session["init"], *session["updates"])]
    noticed = 0
    for lost in range(1, 150, 7):
        intact, hurt = listening_codec(), listening_codec()
        true, book = OrderBook(BTC, VENUE.checksum), OrderBook(BTC, VENUE.checksum)
        for at, frame in enumerate(frames[: lost + 2]):
            true.apply(*intact.receive(frame, RECEIVED_NS))  # type: ignore[arg-type]
            if at != lost:
                book.apply(*hurt.receive(frame, RECEIVED_NS))  # type: ignore[arg-type]
        noticed += not book.is_live
        assert not book.is_live or (book.bids(), book.asks()) == (true.bids(), true.asks())
    assert noticed >= 18


def recorded_v1(shared: Path) -> tuple[dict[str, Instrument], list[list[Any]]]:
    """The pairs by their older names, and the frames of books."""
    pairs: dict[str, Instrument] = {}
    frames: list[list[Any]] = []
    path = shared / "captures" / "kraken-v1.jsonl.gz"
    if not path.exists():
        pytest.skip(f"no recordings: {path} is missing")
    with gzip.open(path, "rt") as lines:
        for line in lines:
            record = json.loads(line)
            data = json.loads(record["data"])
            if record["dir"] == "http":
                listing = LIST.read(ok(record["data"].encode()))
                assert listing.unreadable == []
                pairs = {one.native: one for one in listing.instruments}
            elif isinstance(data, list) and data[-2].startswith("book"):
                frames.append(data)
    return pairs, frames


def test_checksums_of_the_older_streams_are_made_in_the_same_way(shared: Path) -> None:
    """There the digits are those on the wire, which may be more than the list of pairs says."""
    pairs, frames = recorded_v1(shared)
    assert len(pairs) == 293
    books: dict[str, tuple[dict[float, float], dict[float, float]]] = {}
    checked = 0
    for _, *parts, _, wsname in frames:
        pair = pairs[wsname.replace("XBT", "BTC")]
        bids, asks = books.setdefault(wsname, ({}, {}))
        changes = {key: value for part in parts for key, value in part.items()}
        for side, key in ((bids, "b"), (asks, "a")):
            for price, size, *_ in [*changes.get(f"{key}s", []), *changes.get(key, [])]:
                side[float(price)] = float(size)
                if not float(size):
                    del side[float(price)]
        best = sorted(bids.items(), reverse=True)[:1000], sorted(asks.items())[:1000]
        books[wsname] = dict(best[0]), dict(best[1])
        if "c" in changes:
            assert VENUE.checksum
            assert VENUE.checksum(replace(pair, tick=Decimal(price)), *best) == int(changes["c"])
            checked += 1
    assert checked == 2815


@pytest.mark.parametrize(
    ("file", "events"),
    [
        (
            "ws_ticker_snapshot",
            (
                Top(
                    instrument=BTC,
                    bid=108359.8,
                    bid_size=0.01362603,
                    ask=108359.9,
                    ask_size=17.17988863,
                    received_ns=RECEIVED_NS,
                ),
                Ticker(
                    instrument=BTC,
                    last=108359.8,
                    bid=108359.8,
                    ask=108359.9,
                    high=111300.0,
                    low=106824.0,
                    volume=2158.32346723,
                    quote_volume=2158.32346723 * 108894.5,
                    change=-0.0241,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        (
            "ws_trade_update",
            (
                Trade(
                    instrument=MATIC,
                    price=0.5117,
                    size=40.0,
                    side=Side.SELL,
                    trade_id="4665906",
                    venue_ns=1695628177708706000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        (
            "ws_ohlc_update",
            (
                Kline(
                    instrument=MATIC,
                    interval=KlineInterval.M5,
                    open_ns=1696436700_000_000_000,
                    open=0.5624,
                    high=0.5628,
                    low=0.5622,
                    close=0.5627,
                    volume=30927.68066226,
                    quote_volume=30927.68066226 * 0.5626,
                    trades=12,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        ("ws_book_delta", ()),  # before any snapshot
        ("ws_heartbeat", ()),
        ("ws_pong", ()),
        ("ws_subscribe_ack_ticker", ()),  # of requests that nobody made here
        ("ws_subscribe_ack_instrument", ()),
        ("ws_instrument_snapshot", ()),  # what is traded is asked for by REST
    ],
)
def test_recorded_frame(sample: Sample, file: str, events: tuple[Event, ...]) -> None:
    assert listening_codec().receive(sample(f"kraken/{file}.json"), RECEIVED_NS) == events


def test_recorded_update_follows_a_book(sample: Sample) -> None:
    codec = listening_codec()
    start = {"symbol": "MATIC/USD", "bids": [], "asks": [], "checksum": 0}
    codec.receive(json.dumps({"channel": "book", "type": "snapshot", "data": [start]}), RECEIVED_NS)
    sent_ns = 1696613755440295000
    assert codec.receive(sample("kraken/ws_book_delta.json"), RECEIVED_NS) == (
        BookDelta(
            instrument=MATIC,
            bids=[(0.5657, 1098.3947558)],
            asks=[],
            previous=0,
            sequence=sent_ns,
            checksum=2114181697,
            venue_ns=sent_ns,
            received_ns=RECEIVED_NS,
        ),
    )


def test_recorded_trade_as_a_row_of_a_frame(sample: Sample) -> None:
    row = sample("kraken/ws_trade_item_btc.json").decode()
    frame = f'{{"channel":"trade","type":"update","data":[{row}]}}'
    assert listening_codec().receive(frame, RECEIVED_NS) == (
        Trade(
            instrument=BTC,
            price=109601.2,
            size=0.04561994,
            side=Side.BUY,
            trade_id="83449369",
            venue_ns=1748345043847761000,
            received_ns=RECEIVED_NS,
        ),
    )


# Replies.


def test_recorded_pair(sample: Sample) -> None:
    (pair,) = LIST.read(ok(sample("kraken/rest_instruments_asset_pairs.json"))).instruments
    assert (pair.symbol, pair.native, pair.status) == ("BTC/USDT", "BTC/USDT", Status.TRADING)
    assert (pair.tick, str(pair.step)) == (Decimal("0.1"), "1E-8")
    assert (pair.min_size, pair.min_notional) == (Decimal("0.00005"), Decimal("0.5"))
    assert (pair.maker_fee, pair.taker_fee) == (Decimal("0.0025"), Decimal("0.004"))


def test_pairs_of_an_old_list_have_the_names_of_today(shared: Path) -> None:
    pairs, _ = recorded_v1(shared)
    assert {"DOGE/BTC", "XRP/BTC", "USDT/USD", "EUR/USD"} <= set(pairs)
    doge = pairs["DOGE/BTC"]
    assert (str(doge.tick), str(doge.step), doge.min_size) == ("1E-8", "1E-8", Decimal(50))


def test_recorded_book(sample: Sample) -> None:
    book = REST.book(USDT).read(ok(sample("kraken/rest_order_book.json")))
    assert book.bids == [
        (105944.2, 0.002), (105935.4, 0.024), (105918.8, 0.095), (105916.8, 0.016),
        (105916.7, 0.005),
    ]  # fmt: skip
    assert book.asks == [
        (105944.3, 0.136), (105946.9, 0.095), (105955.8, 0.003), (105955.9, 0.103),
        (105963.6, 0.024),
    ]  # fmt: skip


def test_recorded_trades(sample: Sample) -> None:
    trades = REST.trades(USDT).read(ok(sample("kraken/rest_trades.json")))
    assert [int(trade.trade_id) for trade in trades] == list(range(10218208, 10218220))
    assert [trade.side.name[0] for trade in trades] == list("BBBBSSBBBBBB")
    first, last = trades[0], trades[-1]
    assert (first.price, first.size) == (105433.6, 0.00027625)
    assert first.venue_ns == 1762795433_971_744_500
    assert (last.price, last.size) == (105413.7, 0.00474383)
    assert last.venue_ns == 1762795616_311_265_000


def test_recorded_ticker(sample: Sample) -> None:
    assert REST.ticker(USDT).read(ok(sample("kraken/rest_ticker.json"))) == Ticker(
        instrument=USDT,
        last=105899.4,
        bid=105944.2,
        ask=105944.3,
        high=106613.1,
        low=104711.0,
        volume=163.28908096,
        quote_volume=163.28908096 * 105904.39279,
        received_ns=RECEIVED_NS,
    )


def test_recorded_candles(sample: Sample) -> None:
    klines = REST.klines(USDT, KlineInterval.M1).read(ok(sample("kraken/rest_ohlc.json")))
    assert [one.open_ns // 10**9 for one in klines] == list(range(1762777020, 1762777740, 60))
    assert [one.closed for one in klines] == [True] * 11 + [False]
    busy = klines[3]
    assert (busy.open, busy.high, busy.low, busy.close) == (106038.1, 106044.3, 106038.1, 106040.1)
    assert (busy.volume, busy.trades) == (0.08317981, 3)
    assert busy.quote_volume == pytest.approx(0.08317981 * 106039.6)


def test_recorded_time_and_state(sample: Sample) -> None:
    at_ns = REST.server_time().read(ok(sample("kraken/rest_server_time.json")))
    assert at_ns == 1762820224_000_000_000
    REST.ping().read(ok(sample("kraken/rest_system_status.json")))


@pytest.mark.parametrize(
    ("file", "error"),
    [
        ("error_cancel_only_mode", TradingDisabled),
        ("error_post_only_mode", TradingDisabled),
        ("error_invalid_pair", InvalidSymbol),
        ("error_unknown_pair", InvalidSymbol),
        ("error_too_many_requests", RateLimited),
        ("error_user_locked", AuthenticationError),
    ],
)
def test_recorded_error(sample: Sample, file: str, error: type[ExchangeError]) -> None:
    with pytest.raises(error):
        REST.ticker(USDT).read(ok(sample(f"kraken/{file}.json")))
