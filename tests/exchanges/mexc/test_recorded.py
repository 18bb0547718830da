"""Real frames of MEXC, read value by value."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from exchanges.errors import InvalidSymbol, VenueProtocolError
from exchanges.market.events import (
    BookDelta,
    BookSnapshot,
    Event,
    Kline,
    SubscriptionState,
    Ticker,
    Top,
    Trade,
)
from exchanges.market.instrument import Instrument
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval
from exchanges.mexc.market_data import MiniTicker, read
from exchanges.mexc.wire.mexc_push_pb2 import PushDataV3ApiWrapper
from tests.exchanges.mexc.frames import BTC, BTC_USDC, MX, TRADES, listening_codec, wanting_codec
from tests.exchanges.transcripts import RECEIVED_NS, AnError, news, send_all, snapshot


def frame_of(sample: Callable[[str], bytes], file: str) -> bytes:
    return sample(f"mexc/{file}.bin")


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "events"),
    [
        (
            "ws_pb_aggre_book_ticker",
            (
                Top(
                    instrument=BTC,
                    bid=93387.28,
                    bid_size=3.73485,
                    ask=93387.29,
                    ask_size=7.669875,
                    venue_ns=1736412092433_000_000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        (
            "ws_pb_book_ticker_batch",
            (
                Top(
                    instrument=BTC,
                    bid=96567.37,
                    bid_size=3.362925,
                    ask=96567.38,
                    ask_size=1.545255,
                    venue_ns=1739503249114_000_000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        (
            "ws_pb_aggre_deals",
            (
                Trade(
                    instrument=BTC,
                    price=93220.0,
                    size=0.04438243,
                    side=Side.SELL,
                    venue_ns=1736409765051_000_000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        (
            "ws_pb_kline",
            (
                Kline(
                    instrument=BTC,
                    interval=KlineInterval.M1,
                    open_ns=1754737920_000_000_000,
                    open=117317.31,
                    high=117341.0,
                    low=117317.3,
                    close=117325.26,
                    volume=3.12599854,
                    quote_volume=366804.43,
                    venue_ns=1754737941062_000_000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        (
            "ws_pb_kline_min15",
            (
                Kline(
                    instrument=BTC,
                    interval=KlineInterval.M15,
                    open_ns=1736410500_000_000_000,
                    open=92925.0,
                    high=93158.47,
                    low=92800.0,
                    close=93158.47,
                    volume=36.83803224,
                    quote_volume=3424811.05,
                    venue_ns=1736410707571_000_000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        (
            "ws_pb_mini_ticker",
            (
                Ticker(
                    instrument=MX,
                    last=2.5174,
                    high=2.6299,
                    low=2.302,
                    volume=4638390.17,
                    quote_volume=11336518.0264,
                    change=0.0766,
                    venue_ns=1755076752201_000_000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        (
            "ws_pb_limit_depth",
            (
                BookSnapshot(
                    instrument=BTC,
                    bids=[(93179.98, 2.82651)],
                    asks=[(93180.18, 0.21976424)],
                    sequence=36913565463,
                    venue_ns=1736411838730_000_000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_recorded_frame_is_read_value_by_value(
    sample: Callable[[str], bytes], file: str, events: tuple[Event, ...]
) -> None:
    assert listening_codec().receive(frame_of(sample, file), RECEIVED_NS) == events


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "instrument", "update"),
    [
        (
            "ws_pb_aggre_depth",
            BTC,
            BookDelta(
                instrument=BTC,
                bids=[(117053.41, 1.86837271)],
                asks=[(117145.49, 0.0)],
                previous=43296363235,
                sequence=43296363255,
                venue_ns=1754741322152_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
        (
            "ws_pb_aggre_depth_btcusdc",
            BTC_USDC,
            BookDelta(
                instrument=BTC_USDC,
                bids=[(114838.84, 0.000101)],
                asks=[(115198.74, 0.068865)],
                previous=17521975447,
                sequence=17521975455,
                venue_ns=1755973885809_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
        (
            "ws_pb_aggre_depth_delete",
            BTC,
            BookDelta(
                instrument=BTC,
                bids=[(92877.58, 0.0)],
                asks=[],
                previous=10589632358,
                sequence=10589632359,
                venue_ns=1736411507002_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_recorded_changes_follow_the_book_before_them(
    sample: Callable[[str], bytes], file: str, instrument: Instrument, update: BookDelta
) -> None:
    codec = listening_codec()
    assert codec.receive(frame_of(sample, file), RECEIVED_NS) == ()
    before = snapshot(instrument, update.previous, [], [])
    assert codec.start(before) == (before, update)


@pytest.mark.recorded
def test_recorded_tickers_of_all_markets_are_read_value_by_value(
    sample: Callable[[str], bytes],
) -> None:
    """Nobody subscribes them: the frames are large, and each market's own ticker says as much."""
    frame = PushDataV3ApiWrapper.FromString(frame_of(sample, "ws_pb_mini_tickers"))
    items = frame.publicMiniTickers.items
    assert [item.symbol for item in items] == ["METAUSDT", "FCATUSDT", "CRVETH"]
    tickers = [read(item, MiniTicker).ticker(BTC, None, RECEIVED_NS) for item in items]
    assert [(each.last, each.change, each.high, each.low) for each in tickers] == [
        (0.055, -0.2361, 0.119, 0.053),
        (0.0000031, -0.4464, 0.0000066, 0.0000025),
        (0.00022592, 0.028, 0.00022856, 0.00021024),
    ]
    assert [(each.volume, each.quote_volume) for each in tickers] == [
        (10764997.16, 814864.474),
        (654649950.75, 2825.4350195),
        (4884456.998, 1062.48406269),
    ]


@pytest.mark.recorded
@pytest.mark.parametrize(
    "file",
    ["ws_pb_increase_depth_batch", "ws_pb_private_orders_filled", "ws_pb_private_account"],
)
def test_recorded_frame_of_a_channel_that_is_not_ours_is_not_read(
    sample: Callable[[str], bytes], file: str
) -> None:
    with pytest.raises(VenueProtocolError, match="unknown channel"):
        listening_codec().receive(frame_of(sample, file), RECEIVED_NS)


def at_our_pace(frame: bytes) -> Any:
    """A documented conversation, about the faster of the two paces."""
    return json.loads(frame.replace(b"@100ms@", b"@10ms@"))


@pytest.mark.recorded
def test_recorded_conversation_about_subscriptions(sample: Callable[[str], bytes]) -> None:
    codec = wanting_codec(TRADES)
    (frame,) = send_all(codec)
    for file, method in (("subscribe", "SUBSCRIPTION"), ("unsubscribe", "UNSUBSCRIPTION")):
        documented = at_our_pace(sample(f"mexc/ws_{file}_request.json"))
        assert documented == {"method": method, "params": json.loads(frame)["params"]}
    granted = {**at_our_pace(sample("mexc/ws_subscribe_ack.json")), "id": 1}
    assert codec.receive(json.dumps(granted), RECEIVED_NS) == (
        news(BTC, TRADES, SubscriptionState.SUBSCRIBED),
    )
    assert json.loads(sample("mexc/ws_ping_request.json")) == {"method": "PING"}
    pong = sample("mexc/ws_pong.json").decode()
    assert codec.receive(pong, RECEIVED_NS) == ()


@pytest.mark.recorded
def test_recorded_refusal_is_told_in_the_words_of_the_venue(
    sample: Callable[[str], bytes],
) -> None:
    codec = wanting_codec(TRADES)
    send_all(codec)
    refusal = json.loads(sample("mexc/error_ws_subscribe_blocked.json"))
    assert codec.receive(json.dumps({**refusal, "id": 1}), RECEIVED_NS) == (
        news(BTC, TRADES, SubscriptionState.REFUSED, AnError(InvalidSymbol, refusal["msg"], "0")),
    )
