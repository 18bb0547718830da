"""Real frames of HTX, read value by value: examples of its documentation and of libraries, as
text. Replies are in `test_recorded_replies.py`, recorded sessions in `test_sessions.py`.

Who made the examples put the name of another market into some.
"""

import json
from collections.abc import Callable

import pytest

from exchanges import VENUES
from exchanges.errors import VenueProtocolError
from exchanges.market.events import (
    BookDelta,
    BookSnapshot,
    Event,
    Funding,
    Kline,
    Liquidation,
    SubscriptionState,
    Ticker,
    Top,
    Trade,
)
from exchanges.market.instrument import Instrument, Instruments
from exchanges.market.orders import Side
from exchanges.market.topics import Channel, KlineInterval, Topic
from exchanges.stream.books import MarketCodec
from tests.exchanges.htx.test_books import packed
from tests.exchanges.transcripts import RECEIVED_NS, market, send_all, stream_of

VENUE = VENUES["htx"]


def spot(base: str) -> Instrument:
    return market(f"{base}/USDT", f"{base.lower()}usdt", venue="htx")


def swap(base: str, contract_size: str) -> Instrument:
    facts = {"contract_size": contract_size, "funding_interval_s": 28_800.0}
    return market(f"{base}/USDT:USDT", f"{base}-USDT", venue="htx", **facts)


BTC, ETH, ZEC = spot("BTC"), spot("ETH"), spot("ZEC")
BTC_SWAP, ETH_SWAP, O3_SWAP = swap("BTC", "0.001"), swap("ETH", "0.01"), swap("O3", "1")

Sample = Callable[[str], bytes]


def listening_codec(stream: str) -> MarketCodec:
    instruments = Instruments([BTC, ETH, ZEC, BTC_SWAP, ETH_SWAP, O3_SWAP])
    return VENUE.codec(stream_of(VENUE, stream), instruments, listening=True)


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "stream", "events"),
    [
        (
            "ws_bbo",
            "market",
            [
                Top(
                    instrument=ETH,
                    bid=52665.01,
                    bid_size=0.178567,
                    ask=52665.02,
                    ask_size=1.502181,
                    sequence=137005210233,
                    venue_ns=1630994555539_000_000,
                    received_ns=RECEIVED_NS,
                )
            ],
        ),
        (
            "ws_trades",
            "market",
            [
                Trade(
                    instrument=ETH,
                    price=52648.62,
                    size=0.006754,
                    side=Side.BUY,
                    trade_id="102523573486",
                    venue_ns=1630994963173_000_000,
                    received_ns=RECEIVED_NS,
                )
            ],
        ),
        (
            "ws_ticker",
            "market",
            [
                Ticker(
                    instrument=ETH,
                    last=52735.63,
                    bid=52732.88,
                    ask=52732.89,
                    high=52785.64,
                    low=51000.0,
                    volume=13259.24137056181,
                    quote_volume=687640987.4125315,
                    change=52735.63 / 51732 - 1,
                    venue_ns=1630982370526_000_000,
                    received_ns=RECEIVED_NS,
                )
            ],
        ),
        (
            "ws_depth_step0",
            "market",
            [
                BookSnapshot(
                    instrument=ETH,
                    bids=[(52690.69, 0.36281), (52690.68, 0.2)],
                    asks=[(52690.7, 0.372591), (52691.26, 0.13)],
                    sequence=136998124622,
                    window=150,
                    venue_ns=1630983549500_000_000,
                    received_ns=RECEIVED_NS,
                )
            ],
        ),
        ("ws_ping", "market", []),
        ("ws_sub_ack", "market", []),  # of a request that nobody made here
        ("ws_unsub_ack", "market", []),
        (
            "swap_ws_bbo",
            "swap",
            [
                Top(
                    instrument=ETH_SWAP,
                    bid=13064.0,
                    bid_size=38 * 0.01,
                    ask=13072.3,
                    ask_size=205 * 0.01,
                    sequence=131599726,
                    venue_ns=1603707934525_000_000,
                    received_ns=RECEIVED_NS,
                )
            ],
        ),
        (
            "swap_ws_trades",
            "swap",
            [
                Trade(
                    instrument=ETH_SWAP,
                    price=2246.49,
                    size=0.98,  # of 196 contracts, both sides counted
                    side=Side.SELL,
                    trade_id="1000219512747480000",
                    venue_ns=1722863196444_000_000,
                    received_ns=RECEIVED_NS,
                )
            ],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_recorded_payload_is_read_value_by_value(
    sample: Sample, file: str, stream: str, events: list[Event]
) -> None:
    frame = packed(sample(f"htx/{file}.json"))
    assert listening_codec(stream).receive(frame, RECEIVED_NS) == tuple(events)


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "stream"),
    [
        ("ws_detail", "market"),  # the ticker tells more
        ("ws_kline", "market"),  # of a day, which opens at another hour than others
        ("ws_mbp_refresh", "market"),
        ("ws_mbp_incremental", "feed"),  # of five levels
        ("swap_ws_depth_incremental", "swap"),  # of twenty
        ("swap_ws_contract_info", "swap_news"),
        ("swap_ws_funding_rate", "swap_news"),  # asked for all contracts at once
        ("swap_ws_liquidations", "swap_news"),
    ],
)
def test_recorded_frame_of_nothing_of_ours_is_not_read(
    sample: Sample, file: str, stream: str
) -> None:
    with pytest.raises(VenueProtocolError, match="unknown channel or symbol"):
        listening_codec(stream).receive(packed(sample(f"htx/{file}.json")), RECEIVED_NS)


def renamed(frame: bytes, old: str, new: str) -> bytes:
    assert old.encode() in frame
    return bytes(packed(frame.replace(old.encode(), new.encode())))  # type: ignore[arg-type]


@pytest.mark.recorded
def test_recorded_candle_is_read_value_by_value(sample: Sample) -> None:
    """That of a minute, as its times say, which calls itself one of a day."""
    frame = renamed(sample("htx/ws_kline.json"), "kline.1day", "kline.1min")
    assert listening_codec("market").receive(frame, RECEIVED_NS) == (
        Kline(
            instrument=ETH,
            interval=KlineInterval.M1,
            open_ns=1630981680_000_000_000,
            open=0.074849,
            high=0.074849,
            low=0.074848,
            close=0.074848,
            volume=2.4448,
            quote_volume=0.1829884187,
            trades=3,
            venue_ns=1630981694370_000_000,
            received_ns=RECEIVED_NS,
        ),
    )


@pytest.mark.recorded
def test_recorded_changes_of_a_spot_book_are_read_value_by_value(sample: Sample) -> None:
    codec = listening_codec("feed")
    frame = packed(sample("htx/ws_mbp_150_incremental.json"))
    assert codec.receive(frame, RECEIVED_NS) == ()
    answer = renamed(sample("htx/ws_mbp_req_response.json"), "mbp.5", "mbp.150")
    assert codec.receive(answer, RECEIVED_NS) == ()  # older than the changes
    start = BookSnapshot(
        instrument=BTC, bids=[], asks=[], sequence=100020146794, received_ns=RECEIVED_NS
    )
    assert codec.start(start) == (
        start,
        BookDelta(
            instrument=BTC,
            bids=[],
            asks=[(645.14, 26.75597395914065)],
            previous=100020146794,
            sequence=100020146795,
            venue_ns=1573199608679_000_000,
            received_ns=RECEIVED_NS,
        ),
    )


@pytest.mark.recorded
def test_recorded_whole_book_is_read_value_by_value(sample: Sample) -> None:
    codec = listening_codec("feed")
    answer = renamed(sample("htx/ws_mbp_req_response.json"), "mbp.5", "mbp.150")
    assert codec.receive(answer, RECEIVED_NS) == ()  # until its stream has got there
    sign = {"seqNum": 100020142010, "prevSeqNum": 6, "bids": [], "asks": []}
    frame = packed(json.dumps({"ch": "market.btcusdt.mbp.150", "ts": 1, "tick": sign}).encode())
    assert codec.receive(frame, RECEIVED_NS) == (
        BookSnapshot(
            instrument=BTC,
            bids=[
                (618.37, 71.594),
                (423.33, 77.726),
                (223.18, 47.997),
                (219.34, 24.82),
                (210.34, 94.463),
            ],
            asks=[
                (650.59, 14.909733438479636),
                (650.63, 97.996),
                (650.77, 97.465),
                (651.23, 83.973),
                (651.42, 34.465),
            ],
            sequence=100020142010,
            window=150,
            received_ns=RECEIVED_NS,
        ),
    )


@pytest.mark.recorded
def test_recorded_update_without_changes_moves_the_id_on(sample: Sample) -> None:
    codec = listening_codec("feed")
    frame = packed(sample("htx/ws_mbp_150_empty.json"))
    codec.receive(frame, RECEIVED_NS)
    start = BookSnapshot(
        instrument=ZEC, bids=[], asks=[], sequence=100772868476, received_ns=RECEIVED_NS
    )
    _, update = codec.start(start)
    assert isinstance(update, BookDelta)
    assert (update.bids, update.asks, update.sequence) == ([], [], 100772868478)


@pytest.mark.recorded
def test_recorded_swap_book_is_read_value_by_value(sample: Sample) -> None:
    frame = renamed(sample("htx/swap_ws_depth_incremental.json"), "size_20", "size_150")
    assert listening_codec("swap").receive(frame, RECEIVED_NS) == (
        BookSnapshot(
            instrument=ETH_SWAP,
            bids=[(13071.9, 38 * 0.01), (13060.0, 400 * 0.01)],
            asks=[(13081.9, 206 * 0.01), (13099.7, 371 * 0.01)],
            sequence=1512467,
            window=150,
            venue_ns=1603707712356_000_000,
            received_ns=RECEIVED_NS,
        ),
    )


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "native", "event"),
    [
        (
            "swap_ws_funding_rate",
            "BTC-USDT",
            Funding(
                instrument=BTC_SWAP,
                rate=-0.000220068774978695,
                interval_s=28_800.0,
                next_ns=1603785600000_000_000,
                venue_ns=1603778700000_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
        (
            "swap_ws_liquidations",
            "O3-USDT",
            Liquidation(
                instrument=O3_SWAP,
                price=0.7858,
                size=432.0,
                side=Side.SELL,
                venue_ns=1639122193172_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ],
)
def test_recorded_notification_is_read_value_by_value(
    sample: Sample, file: str, native: str, event: Event
) -> None:
    frame = renamed(sample(f"htx/{file}.json"), "public.*.", f"public.{native}.")
    assert listening_codec("swap_news").receive(frame, RECEIVED_NS) == (event,)


@pytest.mark.recorded
def test_recorded_conversation_about_subscriptions(sample: Sample) -> None:
    topic = Topic(Channel.KLINES, BTC.symbol, KlineInterval.M1)
    codec = VENUE.codec(stream_of(VENUE, "market"), Instruments([BTC]))
    codec.subscribe([topic])
    (asked,) = send_all(codec)
    documented = json.loads(sample("htx/ws_sub_request.json"))
    assert json.loads(asked) == {**documented, "id": "1"}
    ack = json.loads(sample("htx/ws_sub_ack.json"))
    (granted,) = codec.receive(packed(json.dumps({**ack, "id": "1"})), RECEIVED_NS)
    assert getattr(granted, "state", None) is SubscriptionState.SUBSCRIBED
    codec.receive(packed(sample("htx/ws_ping.json")), RECEIVED_NS)
    (pong,) = codec.outgoing(15.0)
    assert json.loads(pong) == json.loads(sample("htx/ws_pong.json"))


@pytest.mark.recorded
def test_recorded_request_for_a_whole_book_is_ours(sample: Sample) -> None:
    codec = VENUE.codec(stream_of(VENUE, "feed"), Instruments([BTC]))
    codec.subscribe([Topic(Channel.BOOK, BTC.symbol)])
    frames = [json.loads(frame) for frame in send_all(codec)]
    documented = json.loads(sample("htx/ws_mbp_req_request.json"))
    assert frames[-1].keys() == documented.keys()
    assert frames[-1]["req"] == documented["req"].replace("mbp.5", "mbp.150")
