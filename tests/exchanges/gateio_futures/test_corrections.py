"""What Gate.io's perpetuals do, where it was taken to be otherwise; by the numbers of the notes."""

import json
from decimal import Decimal
from typing import Final

import pytest

from exchanges import VENUES
from exchanges.errors import VenueUnavailable
from exchanges.market.events import (
    Funding,
    Kline,
    Liquidation,
    MarkPrice,
    OpenInterest,
    StreamEvent,
    Ticker,
    Trade,
)
from exchanges.market.instrument import Instrument, Instruments, Kind
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval
from exchanges.venue import Fees
from tests.exchanges.transcripts import RECEIVED_NS, market, ok, stream_of

VENUE: Final = VENUES["gateio_futures"]
HEI: Final = market("HEI/USDT:USDT", "HEI_USDT", venue="gateio_futures", contract_size="10")

LIQUIDATION: Final = {"price": "0.13827", "size": -23, "time": 1786320000, "contract": "HEI_USDT"}
ROWS: Final[dict[str, dict[str, object]]] = {
    "futures.public_liquidates": LIQUIDATION,
    "futures.trades": {
        "contract": "HEI_USDT", "id": 1, "size": "5", "price": "0.138", "create_time": 1786320000,
    },
    "futures.tickers": {
        "contract": "HEI_USDT", "last": "0.138", "change_percentage": "-3", "high_24h": "0.2",
        "low_24h": "0.1", "volume_24h": "1000", "total_size": "500", "mark_price": "0.1381",
        "index_price": "0.1382", "funding_rate": "0.0001", "funding_next_apply": 1786320000,
    },
    "futures.candlesticks": {
        "n": "1m_HEI_USDT", "t": 1786320000, "o": "0.1", "h": "0.2", "l": "0.1", "c": "0.1", "v": 5,
    },
}  # fmt: skip


def told(channel: str, result: object) -> tuple[StreamEvent, ...]:
    frame = {"time": 1, "time_ms": 1500, "channel": channel, "event": "update", "result": result}
    codec = VENUE.codec(stream_of(VENUE, "stream"), Instruments([HEI]), listening=True)
    return codec.receive(json.dumps(frame), RECEIVED_NS)


@pytest.mark.parametrize(("size", "side"), [(-23, Side.SELL), ("23", Side.BUY)])
def test_gateio_futures_a1_sign_of_a_liquidation_is_that_of_its_order(
    size: object, side: Side
) -> None:
    (event,) = told("futures.public_liquidates", [{**LIQUIDATION, "size": size}])
    assert isinstance(event, Liquidation)
    assert (event.side, event.size) == (side, 230.0)


@pytest.mark.parametrize(
    ("channel", "kinds"),
    [
        ("futures.public_liquidates", [Liquidation]),
        ("futures.trades", [Trade]),
        ("futures.tickers", [Ticker, OpenInterest, MarkPrice, Funding]),
        ("futures.candlesticks", [Kline]),
    ],
)
def test_gateio_futures_a2_row_without_a_list_is_read_like_a_list_of_one(
    channel: str, kinds: list[type]
) -> None:
    bare = told(channel, ROWS[channel])
    assert [type(event) for event in bare] == kinds
    assert bare == told(channel, [ROWS[channel]])


def test_gateio_futures_a9_ticker_without_a_rate_tells_the_rest() -> None:
    events = told("futures.tickers", [{**ROWS["futures.tickers"], "funding_rate": ""}])
    assert [type(event) for event in events] == [Ticker, OpenInterest, MarkPrice]


def test_gateio_futures_a10_charge_that_is_not_scheduled_is_none() -> None:
    row = {"funding_rate": "0.0001", "funding_interval": 28800, "funding_next_apply": 0}
    with pytest.raises(VenueUnavailable):
        VENUE.rest.funding(HEI).read(ok(json.dumps(row).encode()))


CONTRACT: Final[dict[str, object]] = {
    "name": "LAB_USDT", "quanto_multiplier": "100", "order_price_round": "0.00001",
    "order_size_min": "0.1", "order_size_max": "1200", "maker_fee_rate": "-0.0001",
    "taker_fee_rate": "0.00075", "funding_interval": 28800, "enable_decimal": True,
}  # fmt: skip


def listed(**changes: object) -> Instrument:
    (request,) = VENUE.rest.instruments()
    (instrument,) = request.read(ok(json.dumps([{**CONTRACT, **changes}]).encode())).instruments
    return instrument


def test_gateio_futures_a4_fees_of_the_list_are_nobodys() -> None:
    assert (listed().maker_fee, listed().taker_fee) == (None, None)
    assert VENUE.fees[Kind.PERPETUAL] == Fees(maker=Decimal("0.0002"), taker=Decimal("0.0005"))


@pytest.mark.parametrize(
    ("changes", "step"),
    [
        ({}, "10"),
        ({"enable_decimal": False}, "100"),
        ({"order_size_min": 0}, "100"),
        ({"order_size_min": 5}, "100"),
    ],
)
def test_gateio_futures_a20_contracts_in_fractions_are_traded_by_their_smallest_size(
    changes: dict[str, object], step: str
) -> None:
    assert listed(**changes).step == Decimal(step)


def test_gateio_futures_a25_candle_of_a_reply_is_over_when_it_has_ended() -> None:
    minute_s = RECEIVED_NS // 1_000_000_000 - 60
    row = {"o": "1", "h": "1", "l": "1", "c": "1", "v": 1}
    rows = [{**row, "t": minute_s}, {**row, "t": minute_s + 1}]
    request = VENUE.rest.klines(HEI, KlineInterval.M1)
    candles = request.read(ok(json.dumps(rows).encode()))
    assert [candle.closed for candle in candles] == [True, False]
