"""HTX's public requests of linear swaps. What is both sides' on the wire is one side's here."""

import json
from decimal import Decimal
from typing import Any

import pytest

from exchanges import VENUES
from exchanges.errors import VenueProtocolError
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
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval
from exchanges.rest.request import Listing, Request
from tests.exchanges.transcripts import RECEIVED_NS, Reply, market, ok

VENUE = VENUES["htx"]
REST = VENUE.rest
_, LIST = REST.instruments()

BTC = market("BTC/USDT:USDT", "BTC-USDT", venue="htx", contract_size="0.001")
TIME_NS = 1782000000801_000_000

ROW = """{"symbol":"BTC","contract_code":"BTC-USDT","contract_size":0.001000000000000000,
"price_tick":0.100000000000000000,"delivery_date":"","delivery_time":"","create_date":"20201021",
"contract_status":1,"settlement_date":"1782014400000","support_margin_mode":"all",
"business_type":"swap","pair":"BTC-USDT","contract_type":"swap","trade_partition":"USDT",
"settlement_period":8,"labels":["common"],"tradfi_labels":[]}"""
RULES = market(
    "BTC/USDT:USDT",
    "BTC-USDT",
    venue="htx",
    tick="0.1",
    step="0.001",
    min_size="0.001",
    contract_size="0.001",
    funding_interval_s=28_800.0,
)


def find(kind: Kind, native: str) -> Instrument | None:
    return BTC if (kind, native) == (Kind.PERPETUAL, "BTC-USDT") else None


def body(what: str) -> bytes:
    return f'{{"status":"ok","ts":1782000000801,{what}}}'.encode()


def v5(data: str) -> bytes:
    return f'{{"code":200,"message":"Success","data":{data},"ts":1782000000801}}'.encode()


DAY = """"open":48000,"close":60000,"low":47000,"high":61000,"amount":"25000","vol":"25000000",
"trade_turnover":"1500000000","count":90000,"id":1782000000,"bid":[59999.5,10],
"ask":[60000.5,20],"ts":1782000000801,"business_type":"swap","number_of":"25000000\""""
TICKER = Ticker(
    instrument=BTC,
    last=60000.0,
    bid=59999.5,
    ask=60000.5,
    high=61000.0,
    low=47000.0,
    volume=12500.0,
    quote_volume=750000000.0,
    change=0.25,
    venue_ns=TIME_NS,
    received_ns=RECEIVED_NS,
)

REPLIES = (
    Reply(request=LIST, body=body(f'"data":[{ROW}]'), value=Listing([RULES])),
    Reply(
        request=REST.book(BTC),
        body=body(""""ch":"market.BTC-USDT.depth.step0","tick":{"asks":[[60000.9,741]],
        "bids":[[60000.4,90],[60000.3,180]],"ch":"market.BTC-USDT.depth.step0",
        "id":1782000000,"mrid":1250406,"ts":1782000000640,"version":1782000000}"""),
        value=BookSnapshot(
            instrument=BTC,
            bids=[(60000.4, 90 * 0.001), (60000.3, 180 * 0.001)],
            asks=[(60000.9, 741 * 0.001)],
            sequence=1782000000,
            window=150,
            venue_ns=1782000000640_000_000,
            received_ns=RECEIVED_NS,
        ),
    ),
    Reply(
        request=REST.trades(BTC),
        body=body(""""ch":"market.BTC-USDT.trade.detail","tick":{"id":1782000000,
        "ts":1782000000640,"data":[{"amount":"196","quantity":"0.196","trade_turnover":"11760",
        "ts":1782000000640,"id":1000219512747480000,"price":"60000.4","direction":"sell"}]}"""),
        value=[
            Trade(
                instrument=BTC,
                price=60000.4,
                size=0.098,
                side=Side.SELL,
                trade_id="1000219512747480000",
                venue_ns=1782000000640_000_000,
                received_ns=RECEIVED_NS,
            )
        ],
    ),
    Reply(
        request=REST.ticker(BTC),
        body=body(f'"ticks":[{{"contract_code":"BTC-USDT",{DAY}}}]'),
        value=TICKER,
    ),
    Reply(
        request=REST.tickers(Kind.PERPETUAL, find),
        body=body(f"""\"ticks":[{{"contract_code":"BTC-USDT",{DAY}}},
        {{"contract_code":"BTC-USDT-261225",{DAY}}}]"""),
        value=[TICKER],
    ),
    Reply(
        request=REST.klines(BTC, KlineInterval.M1),
        body=body(""""ch":"market.BTC-USDT.kline.1min","data":[{"id":1782000000,"open":60000.1,
        "close":60000.4,"low":59990,"high":60010,"amount":3,"vol":3000,"count":4,
        "trade_turnover":180000.6},{"id":1782000060,"open":60000.4,"close":60015,"low":60000.3,
        "high":60020,"amount":1,"vol":1000,"count":2,"trade_turnover":60000.4}]"""),
        value=[
            Kline(
                instrument=BTC,
                interval=KlineInterval.M1,
                open_ns=open_ns,
                open=prices[0],
                high=prices[1],
                low=prices[2],
                close=prices[3],
                volume=volume,
                quote_volume=quote_volume,
                closed=closed,
                received_ns=RECEIVED_NS,
            )
            for open_ns, prices, volume, quote_volume, closed in (
                (1782000000_000_000_000, (60000.1, 60010.0, 59990.0, 60000.4), 1.5, 90000.3, True),
                (1782000060_000_000_000, (60000.4, 60020.0, 60000.3, 60015.0), 0.5, 30000.2, None),
            )
        ],
    ),
    Reply(
        request=REST.funding(BTC),
        body=v5("""[{"contract_code":"BTC-USDT","funding_rate":"-0.000083024939363172",
        "funding_time":"1782014400000","next_funding_time":"1782028800000",
        "min_funding_rate":"-0.00375","max_funding_rate":"0.00375"}]"""),
        value=Funding(
            instrument=BTC,
            rate=-0.000083024939363172,
            interval_s=14_400.0,
            next_ns=1782014400000_000_000,
            venue_ns=TIME_NS,
            received_ns=RECEIVED_NS,
        ),
    ),
    Reply(
        request=REST.funding_history(BTC),
        body=v5("""[{"id":"2","contract_code":"BTC-USDT","funding_rate":"0.0001",
        "funding_time":"1782000000000"},{"id":"1","contract_code":"BTC-USDT",
        "funding_rate":"-0.00002","funding_time":"1781971200000"}]"""),
        value=[
            FundingCharge(instrument=BTC, rate=rate, charged_ns=charged_ns, received_ns=RECEIVED_NS)
            for rate, charged_ns in (
                (-0.00002, 1781971200000_000_000),
                (0.0001, 1782000000000_000_000),
            )
        ],
    ),
    Reply(
        request=REST.mark_price(BTC),
        body=body(""""ch":"market.BTC-USDT.mark_price.1min","data":[{"id":1782000000,
        "open":"60000.1","close":"60001.2","low":"59990","high":"60010","amount":"0","vol":"0",
        "count":"0","trade_turnover":"0"}]"""),
        value=MarkPrice(instrument=BTC, mark=60001.2, venue_ns=TIME_NS, received_ns=RECEIVED_NS),
    ),
    Reply(
        request=REST.open_interest(BTC),
        body=v5("""{"amount":"32476.092","volume":"32476092","value":"1948565520",
        "contract_code":"BTC-USDT","trade_amount":"11371.362","trade_volume":"11371362",
        "trade_turnover":"723600792.7222"}"""),
        value=OpenInterest(
            instrument=BTC,
            size=16238.046,
            value=974282760.0,
            venue_ns=TIME_NS,
            received_ns=RECEIVED_NS,
        ),
    ),
)


@pytest.mark.parametrize("reply", REPLIES, ids=str)
def test_reply_becomes_a_value(reply: Reply) -> None:
    assert reply.request.read(ok(reply.body)) == reply.value


MARKET = "/linear-swap-ex/market"


@pytest.mark.parametrize(
    ("request_", "target", "limit", "window_s"),
    [
        (LIST, "/linear-swap-api/v1/swap_contract_info", 240, 3),
        (REST.book(BTC, 5), f"{MARKET}/depth?contract_code=BTC-USDT&type=step0", 800, 1),
        (REST.trades(BTC), f"{MARKET}/trade?contract_code=BTC-USDT", 800, 1),
        (REST.ticker(BTC), f"{MARKET}/detail/batch_merged?contract_code=BTC-USDT", 800, 1),
        (REST.tickers(Kind.PERPETUAL, find), f"{MARKET}/detail/batch_merged", 800, 1),
        (
            REST.klines(BTC, KlineInterval.H1, 5000),
            f"{MARKET}/history/kline?contract_code=BTC-USDT&period=60min&size=2000",
            800,
            1,
        ),
        (REST.funding(BTC), "/v5/market/funding_rate?contract_code=BTC-USDT", 240, 3),
        (
            REST.funding_history(BTC, 500),
            "/v5/market/funding_rate_history?contract_code=BTC-USDT&limit=100",
            240,
            3,
        ),
        (
            REST.mark_price(BTC),
            f"{MARKET}/history/mark_price_kline?contract_code=BTC-USDT&period=1min&size=1",
            800,
            1,
        ),
        (REST.open_interest(BTC), "/v5/market/open_interest?contract_code=BTC-USDT", 240, 3),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_request_goes_to_the_documented_path_within_its_limit(
    request_: Request[Any], target: str, limit: int, window_s: int
) -> None:
    assert request_.target == target
    assert (request_.method, request_.endpoint) == ("GET", "swap_rest")
    ((bucket, cost),) = request_.costs
    rate = VENUE.buckets[bucket]
    assert cost == 1
    assert rate.most_in(window_s) <= limit


# What a row of the list means.


def listed(**changes: Any) -> list[Instrument]:
    row = {**json.loads(ROW), **changes}
    return LIST.read(ok(body(f'"data":[{json.dumps(row)}]'))).instruments


def test_rules_are_written_without_the_zeros_that_fill_them_up() -> None:
    (instrument,) = listed(contract_size=10.0, price_tick=1e-08)
    assert str(instrument.contract_size) == str(instrument.step) == "10"
    assert format(instrument.tick, "f") == "0.00000001"


@pytest.mark.parametrize(
    ("changes", "status"),
    [({}, "trading"), ({"contract_status": 5}, "halted"), ({"contract_status": 0}, "halted")],
)
def test_only_contracts_that_trade_are_trading(changes: dict[str, int], status: str) -> None:
    (instrument,) = listed(**changes)
    assert instrument.status == status


def test_dated_futures_are_left_out() -> None:
    assert listed(contract_code="BTC-USDT-211203", contract_type="this_week") == []


@pytest.mark.parametrize(
    "labels",
    [
        {"labels": ["tradfi", "stock"], "tradfi_labels": ["Stocks"]},
        {"tradfi_labels": ["Stocks", "Indices"]},
        {"labels": ["stock"], "tradfi_labels": []},  # as XOM has it
        {"labels": ["hot"], "tradfi_labels": ["Commodities"]},
        {"labels": ["Forex"]},
    ],
)
def test_htx_b2_stocks_and_the_like_are_no_coins_of_the_same_letters(
    labels: dict[str, list[str]],
) -> None:
    assert listed(contract_code="META-USDT", **labels) == []


@pytest.mark.parametrize("labels", [{"labels": None, "tradfi_labels": None}, {"labels": ["hot"]}])
def test_htx_b2_coins_have_other_labels_or_none(labels: dict[str, list[str] | None]) -> None:
    assert [one.base for one in listed(**labels)] == ["BTC"]


def test_htx_b2_tokens_of_gold_are_coins_though_they_are_labelled_as_metals() -> None:
    metals = {"labels": ["tradfi"], "tradfi_labels": ["Metals"]}
    assert [one.base for one in listed(contract_code="PAXG-USDT", **metals)] == ["PAXG"]
    assert listed(contract_code="XAU-USDT", **metals) == []


@pytest.mark.parametrize(
    ("hours", "interval_s"), [(8, 28_800.0), ("4", 14_400.0), (1, 3_600.0), (None, None)]
)
def test_htx_b3_interval_of_funding_is_the_settlement_period_of_the_list(
    hours: int | str | None, interval_s: float | None
) -> None:
    (instrument,) = listed(settlement_period=hours)
    assert instrument.funding_interval_s == interval_s
    assert REST.funding_intervals() is None  # nothing else is asked


def test_htx_b3_interval_that_no_contract_can_have_costs_its_row() -> None:
    for hours in (0, -8, 25):
        listing = LIST.read(
            ok(
                body(
                    f'"data":[{ROW},{json.dumps({**json.loads(ROW), "settlement_period": hours})}]'
                )
            )
        )
        assert (listing.instruments, len(listing.odd)) == ([RULES], 1)


def test_htx_b3_funding_without_a_charge_after_the_next_has_the_interval_of_the_list() -> None:
    row = """[{"contract_code":"BTC-USDT","funding_rate":"0.0001",
    "funding_time":"1782014400000","next_funding_time":null,"estimated_rate":null}]"""
    funding = REST.funding(RULES).read(ok(v5(row)))
    assert (funding.interval_s, funding.next_ns) == (28_800.0, 1782014400000_000_000)


def test_htx_b4_swaps_cost_a_taker_six_basis_points() -> None:
    fees = VENUE.fees[Kind.PERPETUAL]
    assert (fees.maker, fees.taker) == (Decimal("0.0002"), Decimal("0.0006"))


@pytest.mark.parametrize(
    "changes",
    [
        {"contract_code": "BTC"},
        {"contract_code": "BTC-USDT-211203"},
        {"contract_size": 0},
        {"price_tick": -1},
    ],
)
def test_contract_that_makes_no_sense_costs_no_other(changes: dict[str, Any]) -> None:
    odd = json.dumps({**json.loads(ROW), **changes})
    listing = LIST.read(ok(body(f'"data":[{odd},{ROW}]')))
    assert listing.instruments == [RULES]
    assert len(listing.odd) == 1


def test_recorded_list_of_inverse_swaps_is_one_of_contracts_worth_dollars() -> None:
    url = "https://api.hbdm.com/swap-api/v1/swap_contract_info"
    request = REST.recognise(url, find)
    assert request is not None
    row = """{"symbol":"SHIB","contract_code":"SHIB-USD","contract_size":10.000000000000000000,
    "price_tick":0.000000010000000000,"delivery_time":"","create_date":"20210514",
    "contract_status":1,"settlement_date":"1645315200000"}"""
    listing = request.read(ok(body(f'"data":[{row}]')))
    assert isinstance(listing, Listing)
    (instrument,) = listing.instruments
    assert (instrument.symbol, instrument.inverse) == ("SHIB/USD:SHIB", True)
    assert (instrument.contract_size, instrument.step) == (Decimal(10), Decimal(0))


@pytest.mark.parametrize("next_ms", ["1782014400000", "1782014300000", "1782200000000", ""])
def test_funding_is_charged_at_least_once_a_day(next_ms: str) -> None:
    row = f"""[{{"contract_code":"BTC-USDT","funding_rate":"0","funding_time":"1782014400000",
    "next_funding_time":"{next_ms}"}}]"""
    with pytest.raises(VenueProtocolError):
        REST.funding(BTC).read(ok(v5(row)))
