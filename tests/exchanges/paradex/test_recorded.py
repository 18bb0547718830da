"""Real frames and replies of Paradex, read value by value."""

import json
import struct
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from exchanges import VENUES
from exchanges.errors import AuthenticationError, ExchangeError, InvalidSymbol, VenueProtocolError
from exchanges.market.events import (
    BookDelta,
    BookLost,
    BookSnapshot,
    Fault,
    Funding,
    Kline,
    MarkPrice,
    OpenInterest,
    SubscriptionState,
    Ticker,
    Trade,
)
from exchanges.market.instrument import Instrument, Instruments, Kind, Status
from exchanges.market.orders import Side
from exchanges.market.topics import Channel, KlineInterval, Topic
from exchanges.paradex import market_data as wire
from exchanges.paradex import sbe
from exchanges.paradex.market_rows import FundingRow
from exchanges.replies.response import Response
from exchanges.rest.request import Listing, Request
from exchanges.stream.books import MarketCodec
from exchanges.venue import GuessedInstruments
from tests.exchanges.transcripts import RECEIVED_NS, AnError, besides, ids, market, news, ok

VENUE = VENUES["paradex"]
REST = VENUE.rest
(LIST,) = REST.instruments()
PUBLIC, _ = VENUE.streams
Sample = Callable[[str], bytes]


def perpetual(base: str, **facts: Any) -> Instrument:
    native = f"{base}-USD-PERP"
    return market(f"{base}/USD:USDC", native, venue="paradex", **facts)


BTC = perpetual("BTC", funding_interval_s=28800.0)
ORDI, TRUMP, BONK = (perpetual(base) for base in ("ORDI", "TRUMP", "kBONK"))
BOOK = Topic(Channel.BOOK, BTC.symbol)


def stamps(millis: int) -> dict[str, Any]:
    return {"venue_ns": millis * 1_000_000, "received_ns": RECEIVED_NS}


def listening_codec() -> MarketCodec:
    return VENUE.codec(PUBLIC, Instruments([BTC, ORDI, TRUMP, BONK]), listening=True)


def asking_codec() -> MarketCodec:
    """It has asked for one book, as request 1."""
    codec = VENUE.codec(PUBLIC, Instruments([BTC]))
    codec.subscribe([BOOK])
    codec.outgoing(0.0)
    return codec


def book_ids(number: int) -> dict[str, int]:
    return {"previous": number - 1, "sequence": number}


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "event"),
    [
        (
            "delete_bid",
            BookDelta(
                instrument=BTC,
                bids=[(83472.2, 0.0)],
                asks=[],
                **book_ids(7687289240),
                **stamps(1791421536451),
            ),
        ),
        (
            "empty",
            BookDelta(
                instrument=BTC,
                bids=[],
                asks=[],
                **book_ids(7687289236),
                **stamps(1791421536000),
            ),
        ),
        (
            "insert_bid",
            BookDelta(
                instrument=BTC,
                bids=[(83412.2, 0.00019)],
                asks=[],
                **book_ids(7687289235),
                **stamps(1791421535936),
            ),
        ),
    ],
)
def test_paradex_c1_real_frame_becomes_its_event(
    sample: Sample, file: str, event: BookDelta
) -> None:
    message = sbe.read(sample(f"paradex/ws_sbe_book_{file}_live.bin"))
    assert message is not None
    assert wire.book(message, BTC, 0, RECEIVED_NS) == event


@pytest.mark.recorded
@pytest.mark.parametrize("file", ["delete_bid", "empty", "insert_bid"])
def test_paradex_c1_real_frame_is_written_as_it_was(sample: Sample, file: str) -> None:
    """With the prices that it leaves out, and in its version."""
    raw = sample(f"paradex/ws_sbe_book_{file}_live.bin")
    told = json.loads(sample(f"paradex/ws_sbe_book_{file}_live.json"))
    package = ["SNAPSHOT", "DELTA"].index(told["pkg_type"])
    block = struct.pack("<qqB9q", told["ts_us"], told["seq"], package, *[sbe.NONE] * 9)
    groups = [
        [(sbe.units(price), sbe.units(size)) for price, size in told[side]]
        for side in ("bids", "asks")
    ]
    assert len(block) == told["block_length"]
    written = sbe.write(
        told["template_id"], block, [told["market"]], groups, told["schema_version"]
    )
    assert written == raw


@pytest.mark.recorded
def test_paradex_c1_real_frames_follow_one_another(sample: Sample) -> None:
    """After a whole book, which is none of the samples: the second and third are two on."""
    codec = listening_codec()
    start = sbe.write(
        sbe.BOOK,
        struct.pack("<qqB9q", 1791421535351000, 7687289234, 0, *[sbe.NONE] * 9),
        [BTC.native],
        ([(8347220000000, 100000)], ()),
    )
    frames = [sample(f"paradex/ws_sbe_book_{name}_live.bin") for name in ("insert_bid", "empty")]
    told = [*codec.receive(start, RECEIVED_NS)]
    told += [event for frame in frames for event in codec.receive(frame, RECEIVED_NS)]
    assert ids(told) == [7687289234, (7687289234, 7687289235), (7687289235, 7687289236)]
    late = codec.receive(sample("paradex/ws_sbe_book_delete_bid_live.bin"), RECEIVED_NS)
    assert ids(late) == [Fault.GAP]


@pytest.mark.recorded
def test_markets_of_real_frames_are_known_by_their_names(sample: Sample) -> None:
    codec = VENUE.codec(PUBLIC, GuessedInstruments(VENUE), listening=True)
    codec.receive(sample("paradex/ws_sbe_book_empty_live.bin"), RECEIVED_NS)
    assert [str(topic) for topic in codec.topics] == ["book BTC/USD:USDC"]


# Data frames of the days before, as the rows of replies that they were.


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "request_", "value"),
    [
        (
            "ws_trades",
            REST.trades(BONK),
            [
                Trade(
                    instrument=BONK,
                    price=0.028776,
                    size=34028.0,
                    side=Side.BUY,
                    trade_id="1718179273230201709233240002",
                    **stamps(1718179273230),
                )
            ],
        ),
        (
            "ws_markets_summary",
            REST.ticker(ORDI),
            Ticker(
                instrument=ORDI,
                last=62.038,
                bid=49.822,
                ask=58.167,
                quote_volume=0.0,
                **stamps(1718334307698),
            ),
        ),
        (
            "ws_markets_summary",
            REST.mark_price(ORDI),
            MarkPrice(instrument=ORDI, mark=49.80885481, index=47.93, **stamps(1718334307698)),
        ),
        (
            "ws_markets_summary",
            REST.open_interest(ORDI),
            OpenInterest(
                instrument=ORDI, size=6999.5, value=6999.5 * 49.80885481, **stamps(1718334307698)
            ),
        ),
        (
            "ws_funding_data_all",
            REST.funding(TRUMP),
            Funding(
                instrument=TRUMP,
                rate=-0.00014969570582,
                interval_s=28800.0,
                next_ns=None,
                **stamps(1771506636154),
            ),
        ),
        (
            "ws_funding_data_live",
            REST.funding(BTC),
            Funding(
                instrument=BTC,
                rate=0.00007172918481,
                interval_s=28800.0,
                next_ns=None,
                **stamps(1788487597060),
            ),
        ),
    ],
)
def test_real_row_becomes_a_value(
    sample: Sample, file: str, request_: Request[Any], value: object
) -> None:
    row = json.loads(sample(f"paradex/{file}.json"))["params"]["data"]
    assert request_.read(ok(json.dumps({"results": [row]}).encode())) == value


@pytest.mark.recorded
@pytest.mark.parametrize("file", ["ws_order_book_snapshot", "ws_trades", "ws_markets_summary"])
def test_paradex_c1_data_are_not_read_as_text(sample: Sample, file: str) -> None:
    with pytest.raises(VenueProtocolError):
        listening_codec().receive(sample(f"paradex/{file}.json").decode(), RECEIVED_NS)


@pytest.mark.recorded
def test_real_answer_grants_the_request_that_it_names(sample: Sample) -> None:
    codec = asking_codec()
    told = codec.receive(sample("paradex/ws_subscribe_ack_live.json").decode(), RECEIVED_NS)
    assert told == (news(BTC, BOOK, SubscriptionState.SUBSCRIBED),)


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "error"),
    [
        (
            "error_ws_invalid_channel",
            AnError(InvalidSymbol, "invalid subscribe request: invalid channel", "-32600"),
        ),
        (
            "error_ws_bad_token_docs",
            AnError(AuthenticationError, "Invalid Bearer Token", "40111"),
        ),
        ("error_ws_method_docs", AnError(ExchangeError, "method does not exist", "-32601")),
    ],
)
def test_real_error_refuses_the_request_that_it_names(
    sample: Sample, file: str, error: AnError
) -> None:
    text = sample(f"paradex/{file}.json").decode()
    codec = asking_codec()
    assert codec.receive(text, RECEIVED_NS) == ()  # it names none of ours
    ours = text.replace('"id": 0', '"id": 1').replace('"id": 4', '"id": 1')
    told = besides(BookLost, codec.receive(ours, RECEIVED_NS))
    assert told == [news(BTC, BOOK, SubscriptionState.REFUSED, error)]


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "request_", "value"),
    [
        (
            "rest_markets",
            LIST,
            Listing(
                [
                    perpetual(
                        "BODEN",
                        tick="0.00001",
                        step="1",
                        min_size="1",
                        max_size="520000",
                        min_notional="200",
                        status="halted",  # it opened after the time that tests are at
                    )
                ]
            ),
        ),
        (
            "rest_orderbook",
            REST.book(BTC),
            BookSnapshot(
                instrument=BTC,
                bids=[(68477.6, 0.1)],
                asks=[(69578.2, 3.019)],
                sequence=14115975,
                **stamps(1718172538340),
            ),
        ),
        (
            "rest_trades",
            REST.trades(BTC),
            [
                Trade(
                    instrument=BTC,
                    price=69578.2,
                    size=0.026,
                    side=Side.BUY,
                    trade_id="1718154353750201703989430001",
                    **stamps(1718154353750),
                )
            ],
        ),
        (
            "rest_markets_summary",
            REST.ticker(BTC),
            Ticker(
                instrument=BTC,
                last=68495.1,
                bid=68477.6,
                ask=69578.2,
                quote_volume=5815541.397939004,
                change=0.009032,
                **stamps(1718170156580),
            ),
        ),
        (
            "rest_markets_summary",
            REST.mark_price(BTC),
            MarkPrice(
                instrument=BTC, mark=68465.17449906, index=67367.37268422, **stamps(1718170156580)
            ),
        ),
        (
            "rest_markets_summary",
            REST.open_interest(BTC),
            OpenInterest(
                instrument=BTC,
                size=162.272,
                value=162.272 * 68465.17449906,
                **stamps(1718170156580),
            ),
        ),
        (
            "rest_klines",
            REST.klines(BTC, KlineInterval.M5),
            [
                Kline(
                    instrument=BTC,
                    interval=KlineInterval.M5,
                    open_ns=1720071900_000_000_000,
                    open=58961.3,
                    high=58961.3,
                    low=58961.3,
                    close=58961.3,
                    volume=1591 / (3 * 58961.3 / 3),  # 0.027: dollars are whole
                    quote_volume=1591.0,
                    closed=False,
                    received_ns=RECEIVED_NS,
                )
            ],
        ),
        (
            "rest_funding_data",
            REST.funding(BTC),
            Funding(
                instrument=BTC,
                rate=-0.00006992598926,
                interval_s=28800.0,  # the market's, as the row has none
                next_ns=None,
                **stamps(1764160327843),
            ),
        ),
        ("rest_funding_data", REST.funding_history(BTC), []),  # nothing between rows
        ("rest_time", REST.server_time(), 1681493415_023_000_000),
        ("rest_system_state", REST.ping(), None),
    ],
)
def test_real_reply_becomes_a_value(
    sample: Sample, file: str, request_: Request[Any], value: object
) -> None:
    assert request_.read(ok(sample(f"paradex/{file}.json"))) == value


@pytest.mark.recorded
def test_real_market_trades_from_its_opening(sample: Sample) -> None:
    body = sample("paradex/rest_markets.json")
    opened_ns = 1717065600_000_000_000
    (instrument,) = LIST.read(Response(status=200, body=body, received_ns=opened_ns)).instruments
    assert instrument.status is Status.TRADING


@pytest.mark.recorded
def test_one_real_summary_is_a_ticker_of_all(sample: Sample) -> None:
    request = REST.tickers(Kind.PERPETUAL, Instruments([BTC]).native)
    (ticker,) = request.read(ok(sample("paradex/rest_markets_summary.json")))
    assert (ticker.instrument, ticker.last) == (BTC, 68495.1)


@pytest.mark.recorded
def test_price_of_a_real_premium_is_the_markets(sample: Sample) -> None:
    """Bitcoin cost some 86,500 dollars on 2025-11-26."""
    (told,) = json.loads(sample("paradex/rest_funding_data.json"))["results"]
    row = msgspec.convert(told, FundingRow, strict=False)
    assert row.price == pytest.approx(86469.5, rel=1e-5)


@pytest.mark.recorded
def test_fees_of_real_lists_are_fractions(sample: Sample) -> None:
    """The two rows are parts of lists of different times."""
    (rules,) = json.loads(sample("paradex/rest_markets.json"))["results"]
    (fees,) = json.loads(sample("paradex/rest_markets_fee_config.json"))["results"]
    body = json.dumps({"results": [rules | fees]}).encode()
    (instrument,) = LIST.read(ok(body)).instruments
    assert instrument.maker_fee == Decimal("0.000075")
    assert instrument.taker_fee == Decimal("0.000125")


@pytest.mark.recorded
def test_real_error_is_of_its_class(sample: Sample) -> None:
    body = sample("paradex/error_not_onboarded.json")
    with pytest.raises(AuthenticationError, match="NOT_ONBOARDED"):
        REST.book(BTC).read(Response(status=400, body=body, received_ns=RECEIVED_NS))
