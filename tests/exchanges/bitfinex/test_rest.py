"""Bitfinex's public requests, checked against the documentation of v2.

Real payloads are in `test_recorded.py`.
"""

import json
from collections.abc import Callable
from decimal import Decimal

import pytest
from msgspec.structs import replace

from exchanges import VENUES
from exchanges.bitfinex.listing import ASSETS
from exchanges.errors import (
    AuthenticationError,
    CodecUsageError,
    ExchangeError,
    InvalidSymbol,
    PermissionDenied,
    RateLimited,
    TimestampError,
    TradingDisabled,
    VenueProtocolError,
    VenueUnavailable,
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
from exchanges.market.instrument import Instrument, Instruments, Kind
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval
from exchanges.replies.response import Response
from exchanges.rest.request import Listing, Request
from tests.exchanges.transcripts import RECEIVED_NS, Reply, market, ok

VENUE = VENUES["bitfinex"]
REST = VENUE.rest
SPOT_LIST, PERPETUAL_LIST = REST.instruments()
AVAX = market("AVAX/USDT", "AVAX:UST", venue="bitfinex")
BTC = market("BTC/USDT:USDT", "BTCF0:USTF0", venue="bitfinex")

RULES = {
    "tick": Decimal("1e-12"),
    "step": Decimal("1e-8"),
    "price_digits": 5,
}
STATE = """[1767225600250,null,90011,90000,null,1000000,null,1767254400000,-0.00002,3,null,
0.000125,null,null,90010.5,null,null,20,null,null,null,0.0005,0.0025]"""
NAMED_STATE = f'[["tBTCF0:USTF0",{STATE[1:]}]'.encode()
TICKER = "[20.5,900,20.6,800,-0.5,-0.0238,20.55,12345.5,21.5,19.5]"
READ_TICKER = Ticker(
    instrument=AVAX,
    last=20.55,
    bid=20.5,
    ask=20.6,
    high=21.5,
    low=19.5,
    volume=12345.5,
    change=-0.0238,
    received_ns=RECEIVED_NS,
)


def past_state(charged_ms: int, rate: float) -> list[object]:
    state: list[object] = json.loads(STATE)
    state[0], state[7], state[11] = charged_ms - 60_000, charged_ms, rate
    return state


REPLIES = (
    Reply(
        request=SPOT_LIST,
        body=b"""[[["AVAX:UST",[null,null,null,"0.2","5000.0",null,null,null,null,null,null,null]],
        ["NOPE",[null,null,null,"1","2"]]]]""",
        value=Listing([replace(AVAX, **RULES, min_size=Decimal("0.2"), max_size=Decimal(5000))]),
    ),
    Reply(
        request=PERPETUAL_LIST,
        body=b'[[["BTCF0:USTF0",[null,null,null,"0.00004",null,null,null,null,0.01,0.005]]]]',
        value=Listing(
            [replace(BTC, **RULES, min_size=Decimal("0.00004"), funding_interval_s=28800.0)]
        ),
    ),
    Reply(
        request=REST.book(AVAX, 20),
        body=b"[[20.5,3,1.5],[20.4,1,2e-8],[20.6,2,-40]]",
        value=BookSnapshot(
            instrument=AVAX,
            bids=[(20.5, 1.5), (20.4, 2e-8)],
            asks=[(20.6, 40.0)],
            sequence=0,
            received_ns=RECEIVED_NS,
        ),
    ),
    Reply(
        request=REST.trades(AVAX),
        body=b"[[12,1767225600250,-0.25,20.4],[11,1767225599000,1,20.5]]",
        value=[
            Trade(
                instrument=AVAX,
                price=price,
                size=size,
                side=side,
                trade_id=number,
                venue_ns=at_ms * 1_000_000,
                received_ns=RECEIVED_NS,
            )
            for price, size, side, number, at_ms in (
                (20.5, 1.0, Side.BUY, "11", 1767225599000),
                (20.4, 0.25, Side.SELL, "12", 1767225600250),
            )
        ],
    ),
    Reply(request=REST.ticker(AVAX), body=TICKER.encode(), value=READ_TICKER),
    Reply(
        request=REST.tickers(Kind.SPOT, Instruments([AVAX, BTC]).native),
        body=f"""[["tAVAX:UST",{TICKER[1:]},["tBTCF0:USTF0",{TICKER[1:]},["tNOPEUSD",null],
        ["fUSD",0.0002,0.00015,30,1000,0.0001,2,2000,0,0,0.0001,1,1,1,null,null,1]]""".encode(),
        value=[READ_TICKER],
    ),
    Reply(
        request=REST.klines(AVAX, KlineInterval.M1, 2),
        body=b"[[1767225660000,20.5,20.6,20.7,20.4,3],[1767225600000,20,20.5,21,19,100.5]]",
        value=[
            Kline(
                instrument=AVAX,
                interval=KlineInterval.M1,
                open_ns=at_s * 1_000_000_000,
                open=opened,
                high=high,
                low=low,
                close=close,
                volume=volume,
                closed=False,
                received_ns=RECEIVED_NS,
            )
            for at_s, opened, high, low, close, volume in (
                (1767225600, 20.0, 21.0, 19.0, 20.5, 100.5),
                (1767225660, 20.5, 20.7, 20.4, 20.6, 3.0),
            )
        ],
    ),
    Reply(request=REST.ping(), body=b"[1]", value=None),
    Reply(
        request=REST.funding(BTC),
        body=NAMED_STATE,
        value=Funding(
            instrument=BTC,
            rate=0.000125,
            interval_s=28800.0,
            next_ns=1_767_254_400_000_000_000,
            predicted=-0.00002,
            venue_ns=1_767_225_600_250_000_000,
            received_ns=RECEIVED_NS,
        ),
    ),
    Reply(
        request=REST.mark_price(BTC),
        body=NAMED_STATE,
        value=MarkPrice(
            instrument=BTC,
            mark=90010.5,
            index=90000.0,
            venue_ns=1_767_225_600_250_000_000,
            received_ns=RECEIVED_NS,
        ),
    ),
    Reply(
        request=REST.open_interest(BTC),
        body=NAMED_STATE,
        value=OpenInterest(
            instrument=BTC,
            size=20.0,
            value=1800210.0,
            venue_ns=1_767_225_600_250_000_000,
            received_ns=RECEIVED_NS,
        ),
    ),
    Reply(
        request=REST.funding_history(BTC),
        body=json.dumps(
            [
                past_state(1_700_006_400_000, 0.0003),  # to be charged yet
                past_state(1_699_977_600_000, 0.0002),
                past_state(1_699_977_600_000, 0.00025),  # an earlier state of the same charge
                past_state(1_699_948_800_000, -0.0001),
            ]
        ).encode(),
        value=[
            FundingCharge(
                instrument=BTC,
                rate=rate,
                charged_ns=charged_ns,
                received_ns=RECEIVED_NS,
            )
            for rate, charged_ns in (
                (-0.0001, 1_699_948_800_000_000_000),
                (0.0002, 1_699_977_600_000_000_000),
            )
        ],
    ),
)


@pytest.mark.parametrize("reply", REPLIES, ids=str)
def test_reply_becomes_a_value(reply: Reply) -> None:
    assert reply.request.read(ok(reply.body)) == reply.value


# Requests.


@pytest.mark.parametrize(
    ("target", "asked"),
    [
        (SPOT_LIST.target, "conf/pub:info:pair,pub:map:currency:sym"),
        (PERPETUAL_LIST.target, "conf/pub:info:pair:futures,pub:map:currency:sym"),
        (REST.book(AVAX, 20).target, "book/tAVAX:UST/P0?len=25"),
        (REST.book(AVAX).target, "book/tAVAX:UST/P0?len=100"),
        (REST.trades(BTC, 20_000).target, "trades/tBTCF0:USTF0/hist?limit=10000"),
        (REST.ticker(AVAX).target, "ticker/tAVAX:UST"),
        (REST.klines(AVAX, KlineInterval.D1, 5).target,
         "candles/trade:1D:tAVAX:UST/hist?limit=5"),
        (REST.funding(BTC).target, "status/deriv?keys=tBTCF0%3AUSTF0"),
        (REST.funding_history(BTC, 3).target, "status/deriv/tBTCF0:USTF0/hist?limit=1920"),
        (REST.funding_history(BTC).target, "status/deriv/tBTCF0:USTF0/hist?limit=5000"),
    ],
)  # fmt: skip
def test_market_is_asked_for_in_the_path(target: str, asked: str) -> None:
    assert target == f"/v2/{asked}"


@pytest.mark.parametrize(
    ("interval", "closed"), [(KlineInterval.D1, True), (KlineInterval.MO1, None)]
)
def test_candle_is_over_when_it_has_ended_but_of_months_nobody_knows(
    interval: KlineInterval, closed: bool | None
) -> None:
    request = REST.klines(AVAX, interval)
    (candle,) = request.read(ok(b"[[1600000000000,20,20.5,21,19,100.5]]"))
    assert candle.closed is closed


def test_candle_that_the_venue_has_not_is_a_mistake_of_ours() -> None:
    with pytest.raises(CodecUsageError):
        REST.klines(AVAX, KlineInterval.H2)


def test_time_is_the_date_of_an_answer() -> None:
    response = Response(
        status=200,
        body=b"[1]",
        received_ns=RECEIVED_NS,
        headers={"date": "Thu, 01 Jan 2026 00:00:07 GMT"},
    )
    assert REST.server_time().read(response) == 1_767_225_607_000_000_000
    with pytest.raises(VenueProtocolError):
        REST.server_time().read(ok(b"[1]"))


def test_maintenance_is_told_by_the_venues_state() -> None:
    with pytest.raises(VenueUnavailable):
        REST.ping().read(ok(b"[0]"))


@pytest.mark.parametrize("ask", [REST.funding, REST.mark_price, REST.open_interest])
def test_state_that_lacks_what_was_asked_for_is_none_now(
    ask: Callable[[Instrument], Request[object]],
) -> None:
    body = json.dumps([["tBTCF0:USTF0", 1767225600250, *[None] * 22]]).encode()
    with pytest.raises(VenueUnavailable):
        ask(BTC).read(ok(body))


def test_market_of_which_no_state_is_told_is_unknown() -> None:
    with pytest.raises(InvalidSymbol):
        REST.funding(BTC).read(ok(b"[]"))


def test_pair_that_cannot_be_read_costs_no_other() -> None:
    facts = '[null,null,null,"0.2","5000.0"]'
    body = f'[[["AVAX:UST",{facts}],["BTCUSD",[]],["ETHUSD",[null,null,null,"x",null]]]]'
    listing = SPOT_LIST.read(ok(body.encode()))
    assert [one.symbol for one in listing.instruments] == ["AVAX/USDT"]
    assert len(listing.odd) == 2


# Errors.


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ('["error",10020,"symbol: invalid"]', InvalidSymbol),
        ('["error",10020,"limit: invalid"]', ExchangeError),
        ('["error",10302,"unknown channel"]', InvalidSymbol),
        ('["error",10100,"apikey: invalid"]', AuthenticationError),
        ('["error",10114,"nonce: small"]', TimestampError),
        ('["error",10200,"permission"]', PermissionDenied),
        ('["error",20060,"maintenance"]', TradingDisabled),
        ('["error",10000,"ERR_UNK"]', VenueUnavailable),
        ('["error",null,"temporarily_unavailable"]', VenueUnavailable),
        ('["error",10008,"concurrency"]', RateLimited),
        ('{"error":"nobody knows"}', ExchangeError),
        ("<html>", VenueUnavailable),
    ],
)
def test_error_with_http_500(body: str, error: type[ExchangeError]) -> None:
    response = Response(status=500, body=body.encode(), received_ns=RECEIVED_NS)
    with pytest.raises(ExchangeError) as caught:
        REST.ticker(AVAX).read(response)
    assert type(caught.value) is error
    if isinstance(caught.value, RateLimited):
        assert caught.value.retry_after_s == 60.0


# Names of assets.


def pair(native: str) -> list[object]:
    return [native, [None, None, None, "0.1", "100", *[None] * 7]]


def listed(request: Request[Listing], natives: list[str], *maps: list[list[str]]) -> list[str]:
    body = json.dumps([[pair(native) for native in natives], *maps]).encode()
    listing = request.read(ok(body))
    assert listing.odd == ()
    return [one.symbol for one in listing.instruments]


def test_bitfinex_c11_codes_are_told_by_the_map_that_comes_with_the_markets() -> None:
    own = [["WBT", "WBTC"], ["NEW", "BRANDNEW"], ["CNHT", "CNHt"]]
    natives = ["WBTUSD", "NEWUSD", "BTC:CNHT", "ETHUSD"]
    told = ["WBTC/USD", "BRANDNEW/USD", "BTC/CNHT", "ETH/USD"]
    assert listed(SPOT_LIST, natives, own) == told
    assert listed(PERPETUAL_LIST, ["NEWF0:USTF0"], own) == ["BRANDNEW/USDT:USDT"]


def test_bitfinex_c11_what_is_known_of_the_venue_rules_over_its_map() -> None:
    own = [["UST", "USDt"], ["EUT", "EURt"], ["LUNA", "LUNA"]]
    told = ["BTC/USDT", "BTC/EURT", "LUNC/USD"]
    assert listed(SPOT_LIST, ["BTCUST", "BTCEUT", "LUNA:USD"], own) == told


def test_bitfinex_c11_recorded_lists_without_the_map_are_read_by_what_is_known() -> None:
    url = "https://api-pub.bitfinex.com/v2/conf/pub:info:pair"
    request = REST.recognise(url, lambda *_: None)
    assert request is not None
    body = json.dumps([[pair(native) for native in ("WBTUSD", "NEWUSD")]]).encode()
    listing = request.read(ok(body))
    assert isinstance(listing, Listing)
    assert [one.symbol for one in listing.instruments] == ["WBTC/USD", "NEW/USD"]


@pytest.mark.recorded
def test_bitfinex_c11_every_code_of_the_recorded_map_has_its_name(
    sample: Callable[[str], bytes],
) -> None:
    (own,) = json.loads(sample("bitfinex/rest_conf_currency_sym_map.json"))
    codes = [code for code, _ in own]
    told = listed(SPOT_LIST, [f"{code}:USD" for code in codes], own)
    for code, name, symbol in zip(codes, (name for _, name in own), told, strict=True):
        usual = ASSETS.get(code, name.upper())
        assert symbol == f"{usual}/USD"
