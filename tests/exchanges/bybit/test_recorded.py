"""Real frames and replies of Bybit, read value by value: examples of its documentation.

Recorded sessions are in `test_sessions.py`.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest

from exchanges import VENUES
from exchanges.errors import InvalidSymbol, VenueProtocolError
from exchanges.market.events import (
    BookDelta,
    BookSnapshot,
    Event,
    Funding,
    FundingCharge,
    Kline,
    Liquidation,
    MarkPrice,
    OpenInterest,
    Subscription,
    SubscriptionState,
    Ticker,
    Top,
    Trade,
)
from exchanges.market.instrument import Instruments
from exchanges.market.orders import Side
from exchanges.market.topics import Channel, KlineInterval, Topic
from exchanges.rest.request import Listing, Request
from exchanges.stream.books import MarketCodec
from tests.exchanges.transcripts import RECEIVED_NS, AnError, market, ok, send_all, stream_of

VENUE = VENUES["bybit"]
REST = VENUE.rest
SPOT_LIST, LINEAR_LIST = REST.instruments()
BTC = market("BTC/USDT", "BTCUSDT", venue="bybit")
PERP = market("BTC/USDT:USDT", "BTCUSDT", venue="bybit")
ROSE = market("ROSE/USDT:USDT", "ROSEUSDT", venue="bybit")
ETH = market("ETH/USDC:USDC", "ETHPERP", venue="bybit")

Sample = Callable[[str], bytes]


def listening_codec(stream: str) -> MarketCodec:
    instruments = Instruments([BTC, PERP, ROSE])
    return VENUE.codec(stream_of(VENUE, stream), instruments, listening=True)


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "stream", "events"),
    [
        (
            "ws_public_trade",
            "linear",
            [
                Trade(
                    instrument=PERP,
                    price=16578.5,
                    size=0.001,
                    side=Side.BUY,
                    trade_id="20f43950-d8dd-5b31-9112-a178eb6023af",
                    venue_ns=1672304486865_000_000,
                    received_ns=RECEIVED_NS,
                )
            ],
        ),
        (
            "ws_kline",
            "linear",
            [
                Kline(
                    instrument=PERP,
                    interval=KlineInterval.M5,
                    open_ns=1672324800000_000_000,
                    open=16649.5,
                    high=16677.0,
                    low=16608.0,
                    close=16677.0,
                    volume=2.081,
                    quote_volume=34666.4005,
                    closed=False,
                    venue_ns=1672324988882_000_000,
                    received_ns=RECEIVED_NS,
                )
            ],
        ),
        (
            "ws_all_liquidation",
            "linear",
            [
                Liquidation(
                    instrument=ROSE,
                    price=0.04499,
                    size=20000.0,
                    side=Side.BUY,  # a short was closed
                    venue_ns=1739502302929_000_000,
                    received_ns=RECEIVED_NS,
                )
            ],
        ),
        (
            "ws_ticker_linear_snapshot",
            "linear",
            [
                Ticker(
                    instrument=PERP,
                    last=66666.6,
                    bid=66666.6,
                    ask=66666.7,
                    high=79266.3,
                    low=65076.9,
                    volume=73191.387,
                    quote_volume=4936790807.6521,
                    change=-0.158315,
                    venue_ns=1760325052630_000_000,
                    received_ns=RECEIVED_NS,
                ),
                MarkPrice(
                    instrument=PERP,
                    mark=66666.6,
                    index=115418.19,
                    venue_ns=1760325052630_000_000,
                    received_ns=RECEIVED_NS,
                ),
                Funding(
                    instrument=PERP,
                    rate=-0.005,
                    interval_s=28_800.0,
                    next_ns=1760342400000_000_000,
                    venue_ns=1760325052630_000_000,
                    received_ns=RECEIVED_NS,
                ),
                OpenInterest(
                    instrument=PERP,
                    size=492373.72 / 2,
                    value=32824881841.75 / 2,
                    venue_ns=1760325052630_000_000,
                    received_ns=RECEIVED_NS,
                ),
            ],
        ),
        (
            "ws_ticker_spot",
            "spot",
            [
                Ticker(
                    instrument=BTC,
                    last=21109.77,
                    high=21426.99,
                    low=20575.0,
                    volume=6780.866843,
                    quote_volume=141946527.22907118,
                    change=0.0196,
                    venue_ns=1673853746003_000_000,
                    received_ns=RECEIVED_NS,
                )
            ],
        ),
        (
            "ws_orderbook_snapshot",  # of a test, with two levels where real ones have one
            "linear",
            [
                Top(
                    instrument=PERP,
                    bid=27450.0,
                    bid_size=0.5,
                    ask=27451.0,
                    ask_size=0.75,
                    sequence=123456789,
                    venue_ns=1709891679000_000_000,
                    received_ns=RECEIVED_NS,
                )
            ],
        ),
        ("ws_pong_linear_inverse_or_spot_0", "linear", []),
        ("ws_pong_public_1", "spot", []),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_recorded_payload_is_read_value_by_value(
    sample: Sample, file: str, stream: str, events: list[Event]
) -> None:
    frame = sample(f"bybit/{file}.json")
    assert listening_codec(stream).receive(frame, RECEIVED_NS) == tuple(events)


@pytest.mark.recorded
def test_recorded_ticker_of_an_option_is_none_of_ours(sample: Sample) -> None:
    with pytest.raises(VenueProtocolError, match="unknown channel or symbol"):
        listening_codec("linear").receive(sample("bybit/ws_ticker_linear_delta.json"), RECEIVED_NS)


@pytest.mark.recorded
def test_recorded_delta_is_read_value_by_value(sample: Sample) -> None:
    frame = sample("bybit/ws_orderbook_delta.json")
    codec = listening_codec("spot")
    start = json.loads(frame)
    start = {**start, "type": "snapshot", "data": {**start["data"], "u": 177400506}}
    codec.receive(json.dumps(start), RECEIVED_NS)
    assert codec.receive(frame, RECEIVED_NS) == (
        BookDelta(
            instrument=BTC,
            bids=[
                (30247.2, 30.028),
                (30245.4, 0.224),
                (30242.1, 1.593),
                (30240.3, 1.305),
                (30240.0, 0.0),
            ],
            asks=[
                (30248.7, 0.0),
                (30249.3, 0.892),
                (30249.5, 1.778),
                (30249.6, 0.0),
                (30251.9, 2.947),
                (30252.2, 0.659),
                (30252.5, 4.591),
            ],
            previous=177400506,
            sequence=177400507,
            venue_ns=1687940967464_000_000,
            received_ns=RECEIVED_NS,
        ),
    )


@pytest.mark.recorded
def test_recorded_conversation_about_subscriptions(sample: Sample) -> None:
    topic = Topic(Channel.TOP, BTC.symbol)
    codec = VENUE.codec(stream_of(VENUE, "spot"), Instruments([BTC]))
    codec.subscribe([topic])
    (asked,) = send_all(codec)
    documented = json.loads(sample("bybit/ws_subscribe_request.json"))
    assert json.loads(asked) == {**documented, "req_id": "1"}
    ack = json.loads(sample("bybit/ws_subscribe_ack_public.json"))
    assert codec.receive(json.dumps({**ack, "req_id": "1"}), RECEIVED_NS) == (
        told(topic, SubscriptionState.SUBSCRIBED),
    )
    codec.unsubscribe([topic])
    (ended,) = codec.outgoing(15.0)
    documented = json.loads(sample("bybit/ws_unsubscribe_request.json"))
    assert json.loads(ended).keys() == documented.keys()
    assert json.loads(ended)["op"] == documented["op"]


@pytest.mark.recorded
def test_recorded_refusal_is_told_in_the_words_of_the_venue(sample: Sample) -> None:
    topic = Topic(Channel.TOP, BTC.symbol)
    codec = VENUE.codec(stream_of(VENUE, "spot"), Instruments([BTC]))
    codec.subscribe([topic])
    send_all(codec)
    frame = sample("bybit/ws_subscribe_failure.json")  # does not name the request
    assert codec.receive(frame, RECEIVED_NS) == (
        told(
            topic, SubscriptionState.REFUSED, AnError(InvalidSymbol, json.loads(frame)["ret_msg"])
        ),
    )


def told(topic: Topic, state: SubscriptionState, error: AnError | None = None) -> Subscription:
    return Subscription(
        instrument=BTC, topic=str(topic), state=state, error=error, received_ns=RECEIVED_NS
    )


# Replies.


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "request_", "value"),
    [
        ("rest_time", REST.server_time(), 1688639403423213947),
        ("rest_time", REST.ping(), None),
        (
            "rest_instruments_spot",
            SPOT_LIST,
            Listing(
                [
                    market(
                        "BTC/USDT",
                        "BTCUSDT",
                        venue="bybit",
                        tick="0.1",
                        step="0.000001",
                        min_size="0.000011",
                        max_size="83",
                        min_notional="5",
                    )
                ]
            ),
        ),
        (
            "rest_instruments_linear",
            LINEAR_LIST,
            Listing(
                [
                    market(
                        "BTC/USDT:USDT",
                        "BTCUSDT",
                        venue="bybit",
                        tick="0.10",
                        step="0.001",
                        min_size="0.001",
                        max_size="1190.000",
                        min_notional="5",
                        funding_interval_s=28_800.0,
                    )
                ]
            ),
        ),
        (
            "rest_orderbook",
            REST.book(BTC, 1),
            BookSnapshot(
                instrument=BTC,
                bids=[(65485.47, 47.081829)],
                asks=[(65557.7, 16.606555)],
                sequence=230704,
                venue_ns=1716863718905_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
        (
            "rest_recent_trade",
            REST.trades(BTC),
            [
                Trade(
                    instrument=BTC,
                    price=16618.49,
                    size=0.00012,
                    side=Side.BUY,
                    trade_id="2100000000007764263",
                    venue_ns=1672052955758_000_000,
                    received_ns=RECEIVED_NS,
                )
            ],
        ),
        (
            "rest_tickers_spot",
            REST.ticker(BTC),
            Ticker(
                instrument=BTC,
                last=20533.13,
                bid=20517.96,
                ask=20527.77,
                high=21128.12,
                low=20318.89,
                volume=11801.27771,
                quote_volume=243765620.65899866,
                change=0.0068,
                venue_ns=1673859087947_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
        (
            "rest_tickers_linear",  # in truth an inverse contract, whose fields are the same
            REST.funding(PERP),
            Funding(
                instrument=PERP,
                rate=0.0001,
                interval_s=28_800.0,
                next_ns=1760371200000_000_000,
                venue_ns=1760352369814_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
        (
            "rest_tickers_linear",
            REST.mark_price(PERP),
            MarkPrice(
                instrument=PERP,
                mark=114898.43,
                index=114890.92,
                venue_ns=1760352369814_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
        (
            "rest_funding_history",
            REST.funding_history(ETH),
            [
                FundingCharge(
                    instrument=ETH,
                    rate=0.0001,
                    charged_ns=1672041600000_000_000,
                    received_ns=RECEIVED_NS,
                )
            ],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_recorded_reply_is_read_value_by_value(
    sample: Sample, file: str, request_: Request[Any], value: object
) -> None:
    assert request_.read(ok(sample(f"bybit/{file}.json"))) == value


@pytest.mark.recorded
def test_recorded_candles_are_read_from_the_oldest_on(sample: Sample) -> None:
    klines = REST.klines(BTC, KlineInterval.H1).read(ok(sample("bybit/rest_kline.json")))
    assert [
        (each.open_ns, each.open, each.high, each.low, each.close, each.volume, each.closed)
        for each in klines
    ] == [
        (1670601600000_000_000, 17086.5, 17088.0, 16978.0, 17071.5, 6356.0, True),
        (1670605200000_000_000, 17071.5, 17071.5, 17061.0, 17071.0, 4177.0, True),
        (1670608800000_000_000, 17071.0, 17073.0, 17027.0, 17055.5, 268611.0, None),
    ]
