"""Real payloads of Bitfinex, read value by value, and a numbered session of April 2021.

No recording with checksums and whole books was found.
"""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from actors.books.order_book import OrderBook
from actors.recording.format import RecordedFrame, read_recording
from exchanges import VENUES
from exchanges.bitfinex.market_data import number_text
from exchanges.errors import ExchangeError, RateLimited, VenueUnavailable
from exchanges.market.events import (
    BookDelta,
    BookLost,
    BookSnapshot,
    Event,
    Funding,
    Kline,
    Level,
    Liquidation,
    MarkPrice,
    OpenInterest,
    Ticker,
    Trade,
    VenueState,
)
from exchanges.market.instrument import Instruments, Kind
from exchanges.market.orders import Side
from exchanges.market.topics import Channel, KlineInterval, Topic
from exchanges.replies.response import Response
from exchanges.stream.books import MarketCodec
from exchanges.venue import GuessedInstruments
from tests.exchanges.transcripts import RECEIVED_NS, market, ok, send_all

pytestmark = pytest.mark.recorded

VENUE = VENUES["bitfinex"]
REST = VENUE.rest
SPOT_LIST, PERPETUAL_LIST = REST.instruments()
PUBLIC, DERIVATIVES = VENUE.streams
BTC = market("BTC/USD", "BTCUSD", venue="bitfinex")
AMP = market("AMPL/USDT:USDT", "AMPF0:USTF0", venue="bitfinex")
BSV = market("BSV/USD:USD", "BSVUSD", venue="bitfinex")  # as if it were a perpetual's position
NUMBERED = '{"event":"conf","status":"OK","flags":65536}'

Sample = Callable[[str], bytes]


def load(sample: Sample, file: str) -> Any:
    return json.loads(sample(f"bitfinex/{file}.json"))


def heard(frame: object, key: str, *others: object, flags: str = "") -> list[Event]:
    """What a listener hears on a channel of that key."""
    channel, _, about = key.partition(":")
    name = "symbol" if channel in ("book", "trades", "ticker") else "key"
    codec = VENUE.codec(PUBLIC, GuessedInstruments(VENUE, [BTC, AMP]), listening=True)
    if flags:
        codec.receive(flags, RECEIVED_NS)
    assert isinstance(frame, list)
    answer = {"event": "subscribed", "channel": channel, "chanId": frame[0], name: about}
    codec.receive(json.dumps(answer), RECEIVED_NS)
    events = [codec.receive(json.dumps(one), RECEIVED_NS) for one in (frame, *others)]
    return [event for found in events for event in found if isinstance(event, Event)]


def sides(rows: list[Any]) -> tuple[list[Level], list[Level]]:
    bids = [(float(price), float(size)) for price, _, size in rows if size > 0]
    asks = [(float(price), -float(size)) for price, _, size in rows if size < 0]
    return bids, asks


# The session.


def session(shared: Path) -> list[RecordedFrame]:
    path = shared / "captures" / "bitfinex.jsonl.gz"
    if not path.exists():
        pytest.skip(f"no recordings: {path} is missing")
    return [one for one in read_recording(path) if isinstance(one, RecordedFrame)]


def test_session_makes_the_books_that_its_frames_say(shared: Path) -> None:
    """Seven books without a hole in 1,670 numbers, compared with plain dictionaries throughout."""
    codec = VENUE.codec(PUBLIC, GuessedInstruments(VENUE), listening=True)
    books: dict[str, OrderBook] = {}
    true: dict[int, dict[float, float]] = {}
    natives: dict[int, str] = {}
    counts = {"trades": 0, "tickers": 0, "updates": 0}
    for record in session(shared):
        if record.dir != "recv":
            continue
        data = json.loads(record.frame)
        if isinstance(data, dict) and data.get("channel") == "book":
            natives[data["chanId"]] = data["pair"]
        events = codec.receive(record.frame, record.at_ns)
        for event in events:
            assert not isinstance(event, BookLost)
            counts["trades"] += isinstance(event, Trade)
            counts["tickers"] += isinstance(event, Ticker)
            counts["updates"] += isinstance(event, BookDelta)
            if isinstance(event, BookSnapshot | BookDelta):
                native = event.instrument.native
                books.setdefault(native, OrderBook(event.instrument)).apply(event)
        if isinstance(data, list) and data[0] in natives and data[1] != "hb":
            kept = true.setdefault(data[0], {})
            for price, count, amount in data[1] if isinstance(data[1][0], list) else [data[1]]:
                kept[price] = amount
                if not count:
                    del kept[price]
            bids = sorted(((p, a) for p, a in kept.items() if a > 0), reverse=True)
            asks = sorted((p, -a) for p, a in kept.items() if a < 0)
            book = books[natives[data[0]]]
            assert (book.bids(250), book.asks(250)) == (bids, asks)
    assert len(books) == 7
    assert all(book.is_live for book in books.values())
    assert counts == {"trades": 0, "tickers": 21, "updates": 1593}


def test_number_of_the_session_that_is_left_out_costs_every_book_at_once(shared: Path) -> None:
    frames = [one.frame for one in session(shared) if one.dir == "recv"]
    codec = VENUE.codec(PUBLIC, GuessedInstruments(VENUE), listening=True)
    lost: list[str] = []
    for at, frame in enumerate(frames):
        events = codec.receive(frame, RECEIVED_NS) if at != 1000 else ()
        found = [one.instrument.native for one in events if isinstance(one, BookLost)]
        assert not found or at == 1001
        lost += found
    assert len(set(lost)) == len(lost) == 7


def test_every_number_of_the_session_is_the_shortest_that_reads_back(shared: Path) -> None:
    """So the digits that checksums are made of can be had from a float."""
    count = exponents = 0
    for record in session(shared):
        if record.dir == "recv" and isinstance(record.frame, str) and record.frame[0] == "[":
            for token in re.findall(r"-?\d[\d.e-]*", record.frame):
                assert number_text(float(token)) == token
                count += 1
                exponents += "e" in token
    assert (count, exponents) == (13168, 21)


def test_stored_part_of_the_session(sample: Sample) -> None:
    answer, start, *updates = load(sample, "ws_book_P0_session_with_seq")
    _, rows, first = start
    codec = VENUE.codec(PUBLIC, GuessedInstruments(VENUE), listening=True)
    codec.receive(NUMBERED, RECEIVED_NS)
    codec.receive(json.dumps(answer), RECEIVED_NS)
    (snapshot,) = codec.receive(json.dumps(start), RECEIVED_NS)
    assert isinstance(snapshot, BookSnapshot)
    assert (snapshot.bids, snapshot.asks) == sides(rows)
    assert (len(snapshot.bids), len(snapshot.asks), snapshot.sequence) == (52, 86, first)
    assert snapshot.instrument.symbol == "MANA/BTC"
    # Other channels have the numbers in between.
    for number, (channel_id, row, _) in enumerate(updates, start=first + 1):
        events = codec.receive(json.dumps([channel_id, row, number]), RECEIVED_NS)
        if row == "hb":
            assert events == ()
            continue
        (delta,) = events
        price, orders, amount = row
        assert isinstance(delta, BookDelta)
        level = [(float(price), abs(float(amount)) if orders else 0.0)]
        assert (delta.bids, delta.asks) == ((level, []) if amount > 0 else ([], level))


# Frames.


def test_recorded_snapshot(sample: Sample) -> None:
    frame = load(sample, "ws_book_P0_snapshot")
    (snapshot,) = heard(frame, "book:tBTCUSD")
    assert isinstance(snapshot, BookSnapshot)
    assert (snapshot.bids, snapshot.asks) == sides(frame[1])
    assert (snapshot.bids[0], snapshot.asks[0]) == ((1921.8, 0.17974513), sides(frame[1])[1][0])


@pytest.mark.parametrize(
    ("file", "bids", "asks"),
    [
        ("ws_book_P0_update_delete", [(215350.0, 0.0)], []),
        ("ws_book_P0_update_delete_ask", [], [(283460.0, 0.0)]),
    ],
)
def test_recorded_deletion(sample: Sample, file: str, bids: list[Level], asks: list[Level]) -> None:
    frame = load(sample, file)
    start = [frame[0], [], frame[2] - 1]
    _, delta = heard(start, "book:tBTCUSD", frame, flags=NUMBERED)
    assert isinstance(delta, BookDelta)
    assert (delta.bids, delta.asks, delta.sequence) == (bids, asks, frame[2])


def test_recorded_checksum_belongs_to_the_book_before_it(sample: Sample) -> None:
    frame = load(sample, "ws_checksum")
    _, delta = heard([frame[0], []], "book:tBTCUSD", frame)
    assert isinstance(delta, BookDelta)
    assert (delta.bids, delta.asks, delta.checksum) == ([], [], -890884919)


@pytest.mark.parametrize("file", ["ws_trades_snapshot", "ws_trades_snapshot_small"])
def test_recorded_trades_of_the_past_as_if_they_were_new(sample: Sample, file: str) -> None:
    frame = load(sample, file)
    assert heard(frame, "trades:tBTCUSD") == []
    for row in frame[1]:
        number, at_ms, amount, price = row
        assert heard([frame[0], "te", row], "trades:tBTCUSD") == [
            Trade(
                instrument=BTC,
                price=float(price),
                size=abs(amount),
                side=Side.BUY if amount > 0 else Side.SELL,
                trade_id=str(number),
                venue_ns=at_ms * 1_000_000,
                received_ns=RECEIVED_NS,
            )
        ]
        assert heard([frame[0], "tu", row], "trades:tBTCUSD") == []


def test_recorded_ticker(sample: Sample) -> None:
    frame = load(sample, "ws_ticker_update_with_seq")
    assert heard(frame, "ticker:tBTCUSD", flags=NUMBERED) == [
        Ticker(
            instrument=BTC,
            last=0.076989,
            bid=0.068965,
            ask=0.0774,
            high=0.0828,
            low=0.068961,
            volume=101459.39453471,
            change=0.0262,
            received_ns=RECEIVED_NS,
        )
    ]


CANDLE = Kline(
    instrument=BTC,
    interval=KlineInterval.M1,
    open_ns=1574698260000_000_000,
    open=7379.785503,
    high=7388.3,
    low=7379.785503,
    close=7383.8,
    volume=1.68829482,
    received_ns=RECEIVED_NS,
)
FUNDING = Funding(
    instrument=AMP,
    rate=-0.01381344,
    interval_s=28800.0,
    next_ns=1596153600000_000_000,
    predicted=0.0001056,
    venue_ns=1596124822000_000_000,
    received_ns=RECEIVED_NS,
)
MARK = MarkPrice(
    instrument=AMP,
    mark=0.7664,
    index=0.771995,
    venue_ns=1596124822000_000_000,
    received_ns=RECEIVED_NS,
)
INTEREST = OpenInterest(
    instrument=AMP,
    size=246502.09001551,
    value=246502.09001551 * 0.7664,
    venue_ns=1596124822000_000_000,
    received_ns=RECEIVED_NS,
)


def test_recorded_candle(sample: Sample) -> None:
    frame = load(sample, "ws_candles_snapshot")
    assert heard(frame, "candles:trade:1m:tBTCUSD") == [CANDLE]


def test_recorded_state_of_a_perpetual(sample: Sample) -> None:
    frame = load(sample, "ws_status_deriv")
    assert heard(frame, "status:deriv:tAMPF0:USTF0") == [FUNDING, MARK, INTEREST]


def test_recorded_liquidation(sample: Sample) -> None:
    frame = load(sample, "ws_liquidations")
    codec: MarketCodec = VENUE.codec(DERIVATIVES, Instruments([BSV]))
    codec.subscribe([Topic(Channel.LIQUIDATIONS, BSV.symbol)])
    send_all(codec)
    answer = {"event": "subscribed", "channel": "status", "chanId": 1, "key": "liq:global"}
    codec.receive(json.dumps(answer), RECEIVED_NS)
    assert codec.receive(json.dumps([*frame, 1, 1]), RECEIVED_NS) == (
        Liquidation(
            instrument=BSV,
            price=112.27,
            size=2.62932,
            side=Side.BUY,
            venue_ns=1574697680828_000_000,
            received_ns=RECEIVED_NS,
        ),
    )


@pytest.mark.parametrize(
    "file",
    ["ws_conf_ack", "ws_subscribed_book", "ws_subscribed_trades",
     "ws_subscribed_ticker", "ws_heartbeat_with_seq"],
)  # fmt: skip
def test_recorded_frame_that_is_no_news(sample: Sample, file: str) -> None:
    codec = VENUE.codec(PUBLIC, GuessedInstruments(VENUE), listening=True)
    codec.receive(NUMBERED, RECEIVED_NS)
    assert codec.receive(sample(f"bitfinex/{file}.json"), RECEIVED_NS) == ()


def test_recorded_greeting_tells_that_the_venue_is_open(sample: Sample) -> None:
    codec = VENUE.codec(PUBLIC, GuessedInstruments(VENUE), listening=True)
    assert codec.receive(sample("bitfinex/ws_info.json"), RECEIVED_NS) == (
        VenueState(venue="bitfinex", takes_orders=True, message="operative"),
    )


# Replies.


def test_recorded_pairs(sample: Sample) -> None:
    listing = SPOT_LIST.read(ok(sample("bitfinex/rest_conf_info_pair.json")))
    assert listing.odd == ()
    assert [(one.symbol, one.native, one.min_size, one.max_size) for one in listing.instruments][
        ::5
    ] == [
        ("1INCH/USD", "1INCH:USD", Decimal(4), Decimal(100000)),
        ("ADA/USD", "ADAUSD", Decimal(4), Decimal(250000)),
        ("ALT2612/USD", "ALT2612:USD", Decimal("0.02"), Decimal(360000)),
    ]
    assert "ALGO/USDT" in {one.symbol for one in listing.instruments}
    assert {(one.price_digits, one.funding_interval_s) for one in listing.instruments} == {
        (5, None)
    }


def test_recorded_perpetuals(sample: Sample) -> None:
    listing = PERPETUAL_LIST.read(ok(sample("bitfinex/rest_conf_info_pair_futures.json")))
    assert [(one.symbol, one.native) for one in listing.instruments] == [
        (f"{base}/USDT:USDT", f"{own}F0:USTF0")
        for base, own in (
            ("AAVE", "AAVE"), ("ADA", "ADA"), ("ALGO", "ALG"), ("APE", "APE"), ("APT", "APT"),
            ("ARB", "ARB"),
        )
    ]  # fmt: skip
    assert {one.funding_interval_s for one in listing.instruments} == {28800.0}


def test_recorded_names_of_assets_are_ours_where_they_name_one_of_ours(sample: Sample) -> None:
    """The venue writes some with a small letter or a suffix; `BAB` is a code of old."""
    (named,) = load(sample, "rest_conf_currency_sym_map")
    theirs = {own: usual.upper() for own, usual in named if own in VENUE.assets}
    assert len(theirs) == 29
    assert theirs == {own: VENUE.assets[own] for own in theirs}


def test_every_recorded_name_of_a_pair_tells_two_assets(sample: Sample) -> None:
    (pairs,) = load(sample, "rest_conf_pair_list")
    assert all(VENUE.guess(Kind.SPOT, pair) for pair in pairs)
    guessed = VENUE.guess(Kind.SPOT, "BTC:CNHT")
    assert guessed
    assert (guessed.base, guessed.quote) == ("BTC", "CNHT")


def test_recorded_book(sample: Sample) -> None:
    book = REST.book(BTC).read(ok(sample("bitfinex/rest_book_P.json")))
    assert (book.bids, book.asks) == ([(8744.9, 0.45603413)], [])


def test_recorded_past_trades(sample: Sample) -> None:
    trades = REST.trades(BTC).read(ok(sample("bitfinex/rest_trades_hist.json")))
    rows = load(sample, "rest_trades_hist")
    assert [(int(one.trade_id), one.venue_ns, one.size, one.side, one.price) for one in trades] == [
        (number, at_ms * 1_000_000, abs(amount), Side.BUY if amount > 0 else Side.SELL, price)
        for number, at_ms, amount, price in reversed(rows)
    ]
    assert (trades[-1].size, trades[-1].side) == (0.04824433, Side.SELL)


def test_recorded_tickers(sample: Sample) -> None:
    one = REST.ticker(BTC).read(ok(sample("bitfinex/rest_ticker.json")))
    assert (one.last, one.bid, one.ask, one.high, one.low) == (
        1781.8, 1781.8, 1781.9, 1834.2, 1726.3,
    )  # fmt: skip
    assert (one.volume, one.change) == (13402.66689773, -0.0196)
    request = REST.tickers(Kind.SPOT, Instruments([BTC]).native)
    (other,) = request.read(ok(sample("bitfinex/rest_tickers.json")))
    assert (other.last, other.bid, other.ask) == (10644.00645389, 10645.0, 10647.0)
    assert (other.high, other.low) == (10766.0, 9889.1449809)
    assert (other.volume, other.change) == (14480.89849423, 0.0738)


def test_recorded_past_candles(sample: Sample) -> None:
    request = REST.klines(BTC, KlineInterval.M1)
    (kline,) = request.read(ok(sample("bitfinex/rest_candles_hist.json")))
    assert kline == replace(
        CANDLE,
        open_ns=1678465320000_000_000,
        open=20097.0,
        close=20114.0,
        high=20125.0,
        low=20094.0,
        volume=1.43504645,
        closed=True,
    )


def test_recorded_states(sample: Sample) -> None:
    response = ok(sample("bitfinex/rest_status_deriv.json"))
    assert REST.funding(AMP).read(response) == FUNDING
    assert REST.mark_price(AMP).read(response) == MARK
    assert REST.open_interest(AMP).read(response) == INTEREST
    REST.ping().read(ok(sample("bitfinex/rest_platform_status.json")))


@pytest.mark.parametrize(
    ("file", "error"),
    [
        ("error_rate_limit", RateLimited),
        ("error_rate_limit_public", RateLimited),
        ("error_unavailable", VenueUnavailable),
    ],
)
def test_recorded_error(sample: Sample, file: str, error: type[ExchangeError]) -> None:
    body = sample(f"bitfinex/{file}.json")
    with pytest.raises(error):
        REST.ticker(BTC).read(Response(status=500, body=body, received_ns=RECEIVED_NS))
