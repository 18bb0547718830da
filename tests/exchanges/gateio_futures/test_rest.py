"""Gate.io's public requests about perpetuals, checked against "Futures" of its documentation.

Real payloads are in `test_recorded.py`.
"""

import json
from typing import Any

import pytest

from exchanges import VENUES
from exchanges.errors import (
    CodecUsageError,
    ExchangeError,
    InvalidSymbol,
    RateLimited,
    VenueProtocolError,
)
from exchanges.market.events import (
    BookSnapshot,
    Funding,
    FundingCharge,
    Kline,
    MarkPrice,
    OpenInterest,
    Ticker,
    Trade,
)
from exchanges.market.instrument import Instrument, Instruments, Kind, Status
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval
from exchanges.replies.response import Response
from exchanges.rest.request import Listing, Request
from tests.exchanges.transcripts import RECEIVED_NS, Reply, market, ok

VENUE = VENUES["gateio_futures"]
REST = VENUE.rest
(LIST,) = REST.instruments()
BTC = market("BTC/USDT:USDT", "BTC_USDT", venue="gateio_futures", contract_size="0.0001")


def contract_row(**changes: object) -> dict[str, object]:
    row: dict[str, object] = {
        "name": "BTC_USDT",
        "type": "direct",
        "quanto_multiplier": "0.0001",
        "order_price_round": "0.1",
        "order_size_min": 1,
        "order_size_max": 1000000,
        "enable_decimal": False,
        "maker_fee_rate": "-0.0001",
        "taker_fee_rate": "0.00075",
        "funding_interval": 28800,
        "in_delisting": False,
        "status": "trading",
        "is_pre_market": False,
        "contract_type": "",
    }
    return {name: value for name, value in {**row, **changes}.items() if value is not None}


def contracts(*rows: dict[str, object]) -> bytes:
    return json.dumps(rows).encode()


def rules(symbol: str, native: str, **facts: Any) -> Instrument:
    usual = {"funding_interval_s": 28_800.0}
    return market(symbol, native, venue="gateio_futures", **{**usual, **facts})


BTC_RULES = rules(
    "BTC/USDT:USDT",
    "BTC_USDT",
    tick="0.1",
    step="0.0001",
    min_size="0.0001",
    max_size="100",
    contract_size="0.0001",
)
TICKER_ROW = b"""[{"contract":"BTC_USDT","last":"64320","low_24h":"62780","high_24h":"67900",
"change_percentage":"-4.5","total_size":"323239","volume_24h":"184040.5",
"volume_24h_base":"18","volume_24h_quote":"1183000","volume_24h_settle":"1183000",
"mark_price":"64340.5","funding_rate":"0.0001","funding_rate_indicative":"0.0001",
"index_price":"64331","highest_bid":"64319.9","lowest_ask":"64320.1"}]"""
TICKER = Ticker(
    instrument=BTC,
    last=64320.0,
    bid=64319.9,
    ask=64320.1,
    high=67900.0,
    low=62780.0,
    volume=184040.5 * 0.0001,
    quote_volume=1183000.0,
    change=-0.045,
    received_ns=RECEIVED_NS,
)


REPLIES = (
    Reply(
        request=LIST,
        body=contracts(
            contract_row(),
            contract_row(
                name="MPH_USDT",
                quanto_multiplier="10",
                order_size_min="0.1",
                order_size_max="1200",
                enable_decimal=True,
                funding_interval=3600,
                in_delisting=True,
            ),
            contract_row(name="TSLA_USDT", contract_type="stocks"),
            contract_row(name="NEW_USDT", is_pre_market=True),
            contract_row(name="币_USDT"),
            contract_row(name="BTC_USD", quanto_multiplier="0"),
        ),
        value=Listing(
            [
                BTC_RULES,
                rules(
                    "MORPHER/USDT:USDT",
                    "MPH_USDT",
                    tick="0.1",
                    step="1",
                    min_size="1",
                    max_size="12000",
                    contract_size="10",
                    funding_interval_s=3600.0,
                    status=Status.HALTED,
                ),
            ]
        ),
    ),
    Reply(
        request=REST.book(BTC),
        body=b"""{"id":123456,"current":1623898993.123,"update":1623898993.121,
        "asks":[{"p":"60000.5","s":10000},{"p":"60001","s":"4000.5"}],
        "bids":[{"p":"60000.1","s":5000}]}""",
        value=BookSnapshot(
            instrument=BTC,
            bids=[(60000.1, 0.5)],
            asks=[(60000.5, 1.0), (60001.0, 4000.5 * 0.0001)],
            sequence=123456,
            window=100,
            venue_ns=1623898993123_000_000,
            received_ns=RECEIVED_NS,
        ),
    ),
    Reply(
        request=REST.trades(BTC),
        body=b"""[{"id":121234232,"create_time":1514764801.25,"create_time_ms":1514764801.254,
        "contract":"BTC_USDT","size":"-100","price":"60000.4"},
        {"id":121234231,"create_time":1514764800,"contract":"BTC_USDT","size":20000,
        "price":"60000.5"},
        {"id":121234230,"create_time":1514764800,"contract":"BTC_USDT","size":20000,
        "price":"60000.5","is_internal":true}]""",
        value=[
            Trade(
                instrument=BTC,
                price=60000.5,
                size=2.0,
                side=Side.BUY,
                trade_id="121234231",
                venue_ns=1514764800_000_000_000,
                received_ns=RECEIVED_NS,
            ),
            Trade(
                instrument=BTC,
                price=60000.4,
                size=0.01,
                side=Side.SELL,
                trade_id="121234232",
                venue_ns=1514764801254_000_000,
                received_ns=RECEIVED_NS,
            ),
        ],
    ),
    Reply(request=REST.ticker(BTC), body=TICKER_ROW, value=TICKER),
    Reply(
        request=REST.tickers(Kind.PERPETUAL, Instruments([BTC]).native),
        body=TICKER_ROW.replace(b"[{", b'[{"contract":"NOPE_USDT","last":"?"},{'),
        value=[TICKER],
    ),
    Reply(
        request=REST.klines(BTC, KlineInterval.M1),
        body=b"""[{"t":1699999980,"v":20000,"c":"60015","h":"60020","l":"60000.4",
        "o":"60000.4","sum":"120030"},{"t":1699999920,"v":"97.5","c":"60000.4","h":"60010",
        "l":"59990","o":"60000.1","sum":"585"}]""",
        value=[
            Kline(
                instrument=BTC,
                interval=KlineInterval.M1,
                open_ns=1699999920_000_000_000,
                open=60000.1,
                high=60010.0,
                low=59990.0,
                close=60000.4,
                volume=97.5 * 0.0001,
                quote_volume=585.0,
                closed=True,
                received_ns=RECEIVED_NS,
            ),
            Kline(
                instrument=BTC,
                interval=KlineInterval.M1,
                open_ns=1699999980_000_000_000,
                open=60000.4,
                high=60020.0,
                low=60000.4,
                close=60015.0,
                volume=2.0,
                quote_volume=120030.0,
                closed=False,
                received_ns=RECEIVED_NS,
            ),
        ],
    ),
    Reply(
        request=REST.server_time(),
        body=b'{"server_time":1731447921098}',
        value=1731447921098_000_000,
    ),
    Reply(request=REST.ping(), body=b'{"server_time":1731447921098}', value=None),
    Reply(
        request=REST.funding(BTC),
        body=contracts(
            contract_row(
                funding_rate="0.000125",
                funding_rate_indicative="0.01",
                funding_interval=14400,
                funding_next_apply=1610035200,
            )
        )[1:-1],
        value=Funding(
            instrument=BTC,
            rate=0.000125,
            interval_s=14_400,
            next_ns=1610035200_000_000_000,
            received_ns=RECEIVED_NS,
        ),
    ),
    Reply(
        request=REST.funding_history(BTC),
        body=b'[{"r":"0.00002","t":1785571201},{"r":"-0.0001","t":1785542401}]',
        value=[
            FundingCharge(
                instrument=BTC,
                rate=-0.0001,
                charged_ns=1785542401_000_000_000,
                received_ns=RECEIVED_NS,
            ),
            FundingCharge(
                instrument=BTC,
                rate=0.00002,
                charged_ns=1785571201_000_000_000,
                received_ns=RECEIVED_NS,
            ),
        ],
    ),
    Reply(
        request=REST.mark_price(BTC),
        body=TICKER_ROW,
        value=MarkPrice(instrument=BTC, mark=64340.5, index=64331.0, received_ns=RECEIVED_NS),
    ),
    Reply(
        request=REST.open_interest(BTC),
        body=TICKER_ROW,
        value=OpenInterest(
            instrument=BTC,
            size=323239 * 0.0001,
            value=323239 * 0.0001 * 64340.5,
            received_ns=RECEIVED_NS,
        ),
    ),
)


@pytest.mark.parametrize("reply", REPLIES, ids=str)
def test_reply_becomes_a_value(reply: Reply) -> None:
    assert reply.request.read(ok(reply.body)) == reply.value


# The list of contracts.


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Status.TRADING),
        ({"status": None}, Status.TRADING),  # rows from before 2026
        ({"status": None, "in_delisting": True}, Status.HALTED),
        ({"in_delisting": True}, Status.HALTED),
        ({"status": "prelaunch"}, Status.HALTED),
        ({"status": "delisting"}, Status.HALTED),
        ({"status": "delisted", "in_delisting": True}, Status.DELISTED),
        ({"status": "a status of next year"}, Status.HALTED),
    ],
)
def test_only_contracts_in_full_trading_take_part(
    changes: dict[str, object], expected: Status
) -> None:
    (instrument,) = LIST.read(ok(contracts(contract_row(**changes)))).instruments
    assert instrument.status is expected


@pytest.mark.parametrize("number", ["NaN", "sNaN", "Infinity", "-1", "one"])
@pytest.mark.parametrize(
    "name",
    ["quanto_multiplier", "order_price_round", "order_size_min", "order_size_max",
     "funding_interval"],
)  # fmt: skip
def test_rule_that_no_market_can_have_is_not_taken(name: str, number: str) -> None:
    with pytest.raises(VenueProtocolError):
        LIST.read(ok(contracts(contract_row(**{name: number}))))


def test_contract_of_nothing_costs_no_market_but_its_own() -> None:
    rows = (contract_row(name="ETH_USDT", quanto_multiplier="0"), contract_row())
    listing = LIST.read(ok(contracts(*rows)))
    assert listing.instruments == [BTC_RULES]
    assert len(listing.odd) == 1


def test_full_page_of_contracts_is_followed_by_the_next() -> None:
    rows = [contract_row(name=f"A{number}_USDT") for number in range(100)]
    first = LIST.read(ok(contracts(*rows)))
    assert len(first.instruments) == 100
    assert first.more is not None
    assert first.more.target == "/api/v4/futures/usdt/contracts?limit=100&offset=100"
    others = [contract_row(name=f"B{number}_USDT") for number in range(100)]
    second = first.more.read(ok(contracts(*others)))
    assert second.more is not None
    with pytest.raises(VenueProtocolError, match="page 2 of the list brings no market"):
        first.more.read(ok(contracts(*rows)))  # as from a venue that ignores what is asked
    assert second.more.target.endswith("offset=200")
    assert LIST.read(ok(contracts(*rows, contract_row()))).more is None  # all at once
    assert LIST.read(ok(contracts(*rows[:99]))).more is None


# What a request asks and what it costs.


@pytest.mark.parametrize(
    ("request_", "path", "query"),
    [
        (LIST, "contracts", ""),
        (REST.book(BTC), "order_book", "?contract=BTC_USDT&with_id=true&limit=100"),
        (REST.book(BTC, 5), "order_book", "?contract=BTC_USDT&with_id=true&limit=5"),
        (REST.trades(BTC, 5000), "trades", "?contract=BTC_USDT&limit=1000"),
        (REST.ticker(BTC), "tickers", "?contract=BTC_USDT"),
        (REST.tickers(Kind.PERPETUAL, lambda *_: None), "tickers", ""),
        (REST.mark_price(BTC), "tickers", "?contract=BTC_USDT"),
        (REST.open_interest(BTC), "tickers", "?contract=BTC_USDT"),
        (
            REST.klines(BTC, KlineInterval.W1, 5000),
            "candlesticks",
            "?contract=BTC_USDT&interval=7d&limit=2000",
        ),
        (REST.funding_history(BTC, 5000), "funding_rate", "?contract=BTC_USDT&limit=1000"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_request_goes_to_the_documented_path(request_: Request[Any], path: str, query: str) -> None:
    assert request_.target == f"/api/v4/futures/usdt/{path}{query}"
    assert request_.costs == ((f"/api/v4/futures/usdt/{path}", 1),)
    assert request_.headers == (("X-Gate-Size-Decimal", "1"),)


def test_funding_is_asked_of_the_contract() -> None:
    request = REST.funding(BTC)
    assert request.target == "/api/v4/futures/usdt/contracts/BTC_USDT"
    assert request.costs == (("/api/v4/futures/usdt/contracts", 1),)
    assert request.instrument is BTC


def test_time_is_that_of_the_spot_market() -> None:
    assert REST.server_time().target == "/api/v4/spot/time"


def test_spot_tickers_and_odd_candles_are_mistakes_of_ours() -> None:
    with pytest.raises(CodecUsageError):
        REST.tickers(Kind.SPOT, lambda *_: None)
    with pytest.raises(CodecUsageError):
        REST.klines(BTC, KlineInterval.MO1)


def test_mark_price_that_is_not_there_is_no_price() -> None:
    with pytest.raises(VenueProtocolError):
        REST.mark_price(BTC).read(ok(TICKER_ROW.replace(b"64340.5", b"0")))


# Errors.


@pytest.mark.parametrize(
    ("status", "label", "error"),
    [
        (400, "CONTRACT_NOT_FOUND", InvalidSymbol),
        (400, "INVALID_PARAM_VALUE", ExchangeError),
        (429, "TOO_MANY_REQUESTS", RateLimited),
    ],
)
def test_label_tells_what_went_wrong(status: int, label: str, error: type[ExchangeError]) -> None:
    body = b'{"label":"%s","message":"Words of the venue."}' % label.encode()
    with pytest.raises(ExchangeError) as caught:
        REST.book(BTC).read(Response(status=status, body=body, received_ns=RECEIVED_NS))
    assert type(caught.value) is error
    assert caught.value.venue == "gateio_futures"
