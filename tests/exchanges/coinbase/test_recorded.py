"""Real frames and replies of Coinbase, read value by value; there is no recording of it."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from exchanges import VENUES
from exchanges.errors import ExchangeError, InvalidSymbol, RateLimited, TimestampError
from exchanges.market.events import (
    BookDelta,
    BookSnapshot,
    Event,
    Funding,
    Kline,
    OpenInterest,
    Ticker,
    Trade,
)
from exchanges.market.instrument import Instruments
from exchanges.market.orders import Side
from exchanges.market.topics import Channel, KlineInterval, Topic
from exchanges.replies.response import Response
from exchanges.rest.request import Listing, Request
from exchanges.stream.books import MarketCodec
from tests.exchanges.transcripts import RECEIVED_NS, market, snapshot

VENUE = VENUES["coinbase"]
(PUBLIC,) = VENUE.streams
REST = VENUE.rest
SPOT, FUTURES = REST.instruments()
BTC = market("BTC/USD", "BTC-USD", venue="coinbase")
ETH = market("ETH/USDT", "ETH-USDT", venue="coinbase")
PERP = market("BTC/USD:USD", "BIP-20DEC30-CDE", venue="coinbase", contract_size="0.01")
# 2026-04-07 00:28:59 UTC, when the replies were captured.
CAPTURED_NS = 1775521739_000_000_000
Sample = Callable[[str], bytes]


def listening_codec() -> MarketCodec:
    return VENUE.codec(PUBLIC, Instruments([BTC, ETH]), listening=True)


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "events"),
    [
        (
            "ws_market_trades",
            tuple(
                Trade(
                    instrument=ETH,
                    price=2375.56,
                    size=0.5,
                    side=Side.SELL,
                    trade_id=number,
                    venue_ns=1728026011_000_000_000 + ns,
                    received_ns=RECEIVED_NS,
                )
                for number, ns in (("22381690", 84_859_000), ("22381691", 88_388_000))
            ),
        ),
        (
            "ws_ticker",
            (
                Ticker(
                    instrument=ETH,
                    last=21932.98,
                    bid=21931.98,
                    ask=21933.98,
                    high=23011.18,
                    low=21835.29,
                    volume=16038.28770938,
                    change=-4.15775596190603 / 100,
                    venue_ns=1675974637_167_359_596,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        (
            "ws_candles",
            (
                Kline(
                    instrument=ETH,
                    interval=KlineInterval.M5,
                    open_ns=1688998200_000_000_000,
                    open=1867.38,
                    high=1867.72,
                    low=1865.63,
                    close=1866.81,
                    volume=0.20269406,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        ("ws_heartbeats", ()),
        ("ws_heartbeats_old", ()),
        ("ws_subscriptions_ack", ()),
        ("ws_subscriptions_ack_user", ()),
    ],
)
def test_recorded_frame_is_read_value_by_value(
    sample: Sample, file: str, events: tuple[Event, ...]
) -> None:
    assert listening_codec().receive(sample(f"coinbase/{file}.json"), RECEIVED_NS) == events


@pytest.mark.recorded
def test_recorded_book_is_followed_by_its_update(sample: Sample) -> None:
    codec = listening_codec()
    assert codec.receive(sample("coinbase/ws_l2_snapshot.json"), RECEIVED_NS) == (
        snapshot(
            BTC,
            0,
            [(68900.0, 1.5), (68899.5, 0.75), (68899.0, 2.3)],
            [(68901.0, 0.5), (68901.5, 1.2), (68902.0, 0.8)],
            venue_ns=1775572200_123_456_000,
        ),
    )
    assert codec.receive(sample("coinbase/ws_l2_update.json"), RECEIVED_NS) == (
        BookDelta(
            instrument=BTC,
            bids=[(68900.0, 2.0)],
            asks=[(68901.0, 0.0)],
            previous=0,
            sequence=1,
            venue_ns=1775572201_456_789_000,
            received_ns=RECEIVED_NS,
        ),
    )


@pytest.mark.recorded
def test_recorded_answer_grants_what_it_lists(sample: Sample) -> None:
    codec = VENUE.codec(PUBLIC, Instruments([ETH]))
    codec.subscribe([Topic(Channel.TRADES, ETH.symbol)])
    codec.outgoing(0.0)
    assert not codec.is_settled
    (event,) = codec.receive(sample("coinbase/ws_subscriptions_ack_trades.json"), RECEIVED_NS)
    assert isinstance(event, Event)
    assert event.instrument is ETH
    assert codec.is_settled


RULES = {"step": "0.00000001", "min_size": "0.00000001", "max_size": "3400", "min_notional": "1"}


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "request_", "value"),
    [
        (
            "rest_products",
            SPOT,
            Listing(
                [
                    market("BTC/USD", "BTC-USD", venue="coinbase", tick="0.01", **RULES),
                    market(
                        "BTC/USDC",
                        "BTC-USDC",
                        venue="coinbase",
                        tick="0.01",
                        book_of="BTC-USD",
                        **RULES,
                    ),
                ]
            ),
        ),
        (
            "rest_products_future",
            FUTURES,
            Listing(
                [
                    market(
                        "BTC/USD:USD",
                        "BIP-20DEC30-CDE",
                        venue="coinbase",
                        tick="5",
                        step="0.01",
                        min_size="0.01",
                        max_size="50",
                        contract_size="0.01",
                        funding_interval_s=3600.0,
                    )
                ]
            ),
        ),
        (
            "rest_product",
            REST.ticker(BTC),
            Ticker(
                instrument=BTC,
                last=68923.67,
                volume=11005.02587005,
                quote_volume=758506771.41,
                change=-0.28560028286595 / 100,
                received_ns=CAPTURED_NS,
            ),
        ),
        (
            "rest_products_future",
            REST.tickers(PERP.kind, Instruments([PERP]).native),
            [
                Ticker(
                    instrument=PERP,
                    last=68930.0,
                    volume=6784.76,
                    quote_volume=467673506.8,
                    change=-0.18101513286511 / 100,
                    received_ns=CAPTURED_NS,
                )
            ],
        ),
        (
            "rest_product_book",
            REST.book(BTC),
            BookSnapshot(
                instrument=BTC,
                bids=[
                    (68923.66, 0.17189468),
                    (68923.0, 0.05795895),
                    (68922.99, 0.02177956),
                    (68921.72, 0.000016),
                    (68921.61, 0.04352771),
                ],
                asks=[
                    (68923.67, 0.16987193),
                    (68926.0, 0.058),
                    (68926.09, 0.01015616),
                    (68926.3, 0.0870495),
                    (68928.0, 0.058),
                ],
                sequence=0,
                venue_ns=1775521739_662_782_000,
                received_ns=CAPTURED_NS,
            ),
        ),
        (
            "rest_market_trades_ticker",
            REST.trades(BTC),
            [
                Trade(
                    instrument=BTC,
                    price=price,
                    size=size,
                    side=side,
                    trade_id=number,
                    venue_ns=1775521730_000_000_000 + us * 1_000,
                    received_ns=CAPTURED_NS,
                )
                for number, price, size, side, us in (
                    ("995098661", 68924.94, 0.01450854, Side.SELL, 7_296_283),
                    ("995098662", 68923.67, 0.00123858, Side.BUY, 8_250_358),
                    ("995098663", 68923.67, 0.00064, Side.BUY, 8_544_778),
                )
            ],
        ),
        (
            "rest_candles",
            REST.klines(BTC, KlineInterval.H1),
            [
                Kline(
                    instrument=BTC,
                    interval=KlineInterval.H1,
                    open_ns=1712188800_000_000_000,
                    open=65984.18,
                    high=66387.77,
                    low=65857.35,
                    close=66314.59,
                    volume=358.74851052,
                    closed=True,
                    received_ns=CAPTURED_NS,
                ),
                Kline(
                    instrument=BTC,
                    interval=KlineInterval.H1,
                    open_ns=1712192400_000_000_000,
                    open=66312.4,
                    high=66331.99,
                    low=66055.14,
                    close=66181.6,
                    volume=355.82896243,
                    closed=True,
                    received_ns=CAPTURED_NS,
                ),
            ],
        ),
        ("rest_time", REST.server_time(), 1709005034333_000_000),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_recorded_reply_is_read_value_by_value(
    sample: Sample, file: str, request_: Request[Any], value: object
) -> None:
    body = sample(f"coinbase/{file}.json")
    response = Response(status=200, body=body, received_ns=CAPTURED_NS)
    assert request_.read(response) == value


@pytest.mark.recorded
def test_recorded_future_tells_its_funding_and_open_interest(sample: Sample) -> None:
    """A row of the list is what a request about one product answers."""
    listed = sample("coinbase/rest_products_future.json")
    start = listed.index(b'{\n      "product_id": "BIP')
    end = listed.index(b'{\n      "product_id": "BIT')
    body = listed[start:end].rstrip().removesuffix(b",")
    response = Response(status=200, body=body, received_ns=CAPTURED_NS)
    assert REST.funding(PERP).read(response) == Funding(
        instrument=PERP,
        rate=0.000013,
        interval_s=3600.0,
        next_ns=1775523600_000_000_000,
        received_ns=CAPTURED_NS,
    )
    interest = REST.open_interest(PERP).read(response)
    assert interest.value == pytest.approx(1832.83 * 68930)
    assert replace(interest, value=None) == OpenInterest(
        instrument=PERP, size=1832.83, received_ns=CAPTURED_NS
    )


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "status", "error"),
    [
        ("error_not_found", 404, InvalidSymbol),
        ("error_rate_limit", 429, RateLimited),
        ("error_timestamp_expired", 401, TimestampError),
    ],
)
def test_recorded_error_tells_what_went_wrong(
    sample: Sample, file: str, status: int, error: type[ExchangeError]
) -> None:
    body = sample(f"coinbase/{file}.json")
    with pytest.raises(error):
        REST.book(BTC).read(Response(status=status, body=body, received_ns=CAPTURED_NS))
