"""Real frames and replies of KuCoin, read value by value, and a session of April 2021.

Frames of the streams without token are of 2026; who stored them put another symbol into most.
The session and some of the samples are of the classic streams.
"""

from collections.abc import Callable
from typing import Any

import pytest

from exchanges import VENUES
from exchanges.errors import ExchangeError, VenueProtocolError, VenueUnavailable
from exchanges.market.events import BookDelta, BookSnapshot, Event, Kline, Ticker, Top, Trade
from exchanges.market.instrument import Instruments, Kind
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval
from exchanges.rest.request import Listing, Request
from exchanges.stream.books import MarketCodec
from tests.exchanges.transcripts import RECEIVED_NS, market, ok

VENUE = VENUES["kucoin"]
REST = VENUE.rest
(LIST,) = REST.instruments()
(STREAM,) = VENUE.streams
BTC = market("BTC/USDT", "BTC-USDT", venue="kucoin")
ETH = market("ETH/USDT", "ETH-USDT", venue="kucoin")
EQZ = market("EQZ/BTC", "EQZ-BTC", venue="kucoin")

Sample = Callable[[str], bytes]


def listening_codec() -> MarketCodec:
    return VENUE.codec(STREAM, Instruments([BTC, ETH, EQZ]), listening=True)


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "events"),
    [
        (
            "uta_ws_obu_snapshot_spot",
            [
                BookSnapshot(
                    instrument=ETH,
                    bids=[(90701.1, 0.13918404)],
                    asks=[(90701.2, 0.5771583)],
                    sequence=25984468414,
                    window=500,
                    venue_ns=1768217874986000000,
                    received_ns=RECEIVED_NS,
                )
            ],
        ),
        (
            "uta_ws_trade_spot",
            [
                Trade(
                    instrument=ETH,
                    price=92525.6,
                    size=0.00008036,
                    side=Side.SELL,
                    trade_id="20631804219899904",
                    venue_ns=1768802538480000000,
                    received_ns=RECEIVED_NS,
                )
            ],
        ),
        (
            "uta_ws_ticker_spot",
            [
                Ticker(
                    instrument=ETH,
                    last=90968.2,
                    bid=90968.1,
                    ask=90968.2,
                    venue_ns=1768206966096000000,
                    received_ns=RECEIVED_NS,
                )
            ],
        ),
        (
            "uta_ws_kline_spot",
            [
                Kline(
                    instrument=ETH,
                    interval=KlineInterval.M15,
                    open_ns=1768210980_000_000_000,
                    open=90861.3,
                    high=90861.3,
                    low=90861.2,
                    close=90861.2,
                    volume=1.87659044,
                    quote_volume=170509.259492364,
                    closed=False,
                    venue_ns=1768210985379046302,
                    received_ns=RECEIVED_NS,
                )
            ],
        ),
        ("uta_ws_welcome", []),
        ("uta_ws_pong", []),
        ("uta_ws_ack", []),
        ("uta_ws_error", []),  # of a request that nobody made here
        # The classic streams.
        (
            "ws_match",
            [
                Trade(
                    instrument=BTC,
                    price=67523.0,
                    size=0.003,
                    side=Side.BUY,
                    trade_id="11067996711960577",
                    venue_ns=1729843222921000000,
                    received_ns=RECEIVED_NS,
                )
            ],
        ),
        (
            "ws_ticker",
            [
                Ticker(
                    instrument=BTC,
                    last=0.08,
                    bid=0.049,
                    ask=0.08,
                    venue_ns=1704873323416_000_000,
                    received_ns=RECEIVED_NS,
                )
            ],
        ),
        (
            "ws_level1",
            [
                Top(
                    instrument=BTC,
                    bid=68145.7,
                    bid_size=1.29267802,
                    ask=68145.8,
                    ask_size=0.51987471,
                    venue_ns=1729816058766_000_000,
                    received_ns=RECEIVED_NS,
                )
            ],
        ),
        (
            "ws_kline",
            [
                Kline(
                    instrument=BTC,
                    interval=KlineInterval.H1,
                    open_ns=1729839600_000_000_000,
                    open=67644.9,
                    high=67724.8,
                    low=67243.8,
                    close=67437.6,
                    volume=44.88321441,
                    quote_volume=3027558.991928447,
                    venue_ns=1729842192785164840,
                    received_ns=RECEIVED_NS,
                )
            ],
        ),
        ("ws_welcome", []),
        ("ws_ack", []),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_recorded_payload_is_read_value_by_value(
    sample: Sample, file: str, events: list[Event]
) -> None:
    frame = sample(f"kucoin/{file}.json")
    assert listening_codec().receive(frame, RECEIVED_NS) == tuple(events)


@pytest.mark.recorded
@pytest.mark.parametrize(
    "file",
    [
        "uta_ws_obu_snapshot_spot_depth50",  # whole books of another depth
        "uta_ws_obu_delta_futures",
        "uta_ws_mark_price",
        "uta_ws_funding_fee",
        "ws_all_tickers",
        "ws_level2_depth5",
        "ws_symbol_snapshot",
    ],
)
def test_recorded_frame_of_nothing_of_ours_is_not_read(sample: Sample, file: str) -> None:
    with pytest.raises(VenueProtocolError, match="unknown channel or symbol"):
        listening_codec().receive(sample(f"kucoin/{file}.json"), RECEIVED_NS)


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "bids", "asks", "ids", "venue_ms"),
    [
        (
            "ws_level2_update",
            [],
            [(67993.3, 1.21427407)],
            (14701689782, 14701689783),
            1729816425625,
        ),
        (
            "ws_level2_update_multi",
            [(18891.9, 0.15688)],
            [(18907.3, 0.58751503), (18906.0, 0.00331)],  # in the order of their ids
            (14103843, 14103847),
            1663747970273,
        ),
    ],
)
def test_recorded_update_of_a_classic_book_is_read_value_by_value(
    sample: Sample,
    file: str,
    bids: list[tuple[float, float]],
    asks: list[tuple[float, float]],
    ids: tuple[int, int],
    venue_ms: int,
) -> None:
    codec = listening_codec()
    assert codec.receive(sample(f"kucoin/{file}.json"), RECEIVED_NS) == ()
    start = BookSnapshot(instrument=BTC, bids=[], asks=[], sequence=ids[0], received_ns=RECEIVED_NS)
    assert codec.start(start) == (
        start,
        BookDelta(
            instrument=BTC,
            bids=bids,
            asks=asks,
            previous=ids[0],
            sequence=ids[1],
            venue_ns=venue_ms * 1_000_000,
            received_ns=RECEIVED_NS,
        ),
    )


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "request_", "value"),
    [
        ("rest_timestamp", REST.server_time(), 1729100692873_000_000),
        ("rest_timestamp", REST.ping(), None),
        (
            "rest_instruments",
            LIST,
            Listing(
                [
                    market(
                        "BTC/USDT",
                        "BTC-USDT",
                        venue="kucoin",
                        tick="0.1",
                        step="0.00000001",
                        min_size="0.00001",
                        max_size="10000000000",
                        min_notional="0.1",
                        maker_fee="0.001",
                        taker_fee="0.001",
                    )
                ]
            ),
        ),
        (
            "rest_book_part",
            REST.book(BTC, 20),
            BookSnapshot(
                instrument=BTC,
                bids=[(66976.4, 0.69109872), (66976.3, 0.14377)],
                asks=[(66976.5, 0.05408199), (66976.8, 0.0005)],
                sequence=14610502970,
                window=20,
                venue_ns=1729176273859_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
        (
            "rest_stats_24h",
            REST.ticker(BTC),
            Ticker(
                instrument=BTC,
                last=66981.5,
                bid=66982.4,
                ask=66982.5,
                high=68107.7,
                low=66683.3,
                volume=1738.02898182,
                quote_volume=117321982.415978333,
                change=-0.0114,
                venue_ns=1729175612158_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
        (
            "rest_all_tickers",
            REST.tickers(Kind.SPOT, Instruments([BTC]).native),
            [
                Ticker(
                    instrument=BTC,
                    last=67193.0,
                    bid=67192.5,
                    ask=67192.6,
                    high=68321.4,
                    low=66683.3,
                    volume=1836.03034612,
                    quote_volume=124068431.06726933,
                    change=-0.0014,
                    venue_ns=1729173207043_000_000,
                    received_ns=RECEIVED_NS,
                )
            ],
        ),
        (
            "rest_trades",
            REST.trades(BTC),
            [
                Trade(
                    instrument=BTC,
                    price=price,
                    size=size,
                    side=Side.BUY,
                    trade_id=trade_id,
                    venue_ns=1729177117877000000,
                    received_ns=RECEIVED_NS,
                )
                for price, size, trade_id in (
                    (67122.0, 0.000025, "10976028003549185"),
                    (67122.0, 0.01792257, "10976028003549188"),
                    (67122.9, 0.05654289, "10976028003549191"),
                )
            ],
        ),
        (
            "rest_klines",
            REST.klines(BTC, KlineInterval.M1),
            [
                Kline(
                    instrument=BTC,
                    interval=KlineInterval.M1,
                    open_ns=open_s * 1_000_000_000,
                    open=prices[0],
                    high=prices[1],
                    low=prices[2],
                    close=prices[3],
                    volume=volume,
                    quote_volume=quote_volume,
                    closed=closed,
                    received_ns=RECEIVED_NS,
                )
                for open_s, prices, volume, quote_volume, closed in (
                    (
                        1566789600,
                        (10408.6, 10416.0, 10405.4, 10416.0),
                        12.45584973,
                        129666.51508559,
                        True,
                    ),
                    (
                        1566789660,
                        (10416.0, 10422.3, 10411.5, 10411.5),
                        15.61781842,
                        162703.708997029,
                        True,
                    ),
                    (
                        1566789720,
                        (10411.5, 10411.5, 10396.3, 10401.9),
                        29.11357276,
                        302889.301529914,
                        None,
                    ),
                )
            ],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_recorded_reply_is_read_value_by_value(
    sample: Sample, file: str, request_: Request[Any], value: object
) -> None:
    assert request_.read(ok(sample(f"kucoin/{file}.json"))) == value


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "code", "error"),
    [
        ("error_internal", "500000", VenueUnavailable),
        ("error_deprecated", "401000", ExchangeError),
    ],
)
def test_recorded_error_is_told(
    sample: Sample, file: str, code: str, error: type[ExchangeError]
) -> None:
    with pytest.raises(ExchangeError) as caught:
        REST.server_time().read(ok(sample(f"kucoin/{file}.json")))
    assert (type(caught.value), caught.value.code) == (error, code)
