"""Kraken's public requests, checked against the documentation of its REST interface.

Real payloads are in `test_recorded.py`.
"""

import json
from collections.abc import Mapping
from decimal import Decimal

import pytest
from msgspec.structs import replace

from exchanges import VENUES
from exchanges.errors import (
    AuthenticationError,
    CodecUsageError,
    ExchangeError,
    InvalidSymbol,
    PermissionDenied,
    RateLimited,
    TradingDisabled,
    VenueProtocolError,
    VenueUnavailable,
)
from exchanges.kraken.listing import altname, natives_of, streamed
from exchanges.market.events import BookSnapshot, Kline, Ticker, Trade
from exchanges.market.instrument import Instruments, Kind, Status
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval
from exchanges.rest.request import Listing
from tests.exchanges.transcripts import RECEIVED_NS, Reply, market, ok

VENUE = VENUES["kraken"]
REST = VENUE.rest
(LIST,) = REST.instruments()
BTC = market("BTC/USD", "BTC/USD", venue="kraken")
DOGE = market("DOGE/EUR", "DOGE/EUR", venue="kraken")

PAIR: Mapping[str, object] = {
    "altname": "XBTUSD",
    "wsname": "XBT/USD",
    "base": "XXBT",
    "quote": "ZUSD",
    "pair_decimals": 1,
    "lot_decimals": 8,
    "fees": [[0, 0.4], [10000, 0.35]],
    "fees_maker": [[0, 0.25], [10000, 0.2]],
    "ordermin": "0.00005",
    "costmin": "0.5",
    "tick_size": "0.1",
    "status": "online",
    "execution_venue": "international",
}
LISTED = replace(
    BTC,
    tick=Decimal("0.1"),
    step=Decimal("0.00000001"),
    min_size=Decimal("0.00005"),
    min_notional=Decimal("0.5"),
    maker_fee=Decimal("0.0025"),
    taker_fee=Decimal("0.004"),
)
TICKER_ROW = """{"a":["50000.30000","1","1.500"],"b":["50000.20000","2","2.250"],
"c":["50000.20000","0.01"],"v":["10.5","1000.25"],"p":["50100.5","50200.0"],"t":[35,3276],
"l":["49000.0","48000.5"],"h":["51000.0","52000.5"],"o":"49500.6"}"""


def result(text: str) -> bytes:
    return f'{{"error":[],"result":{text}}}'.encode()


def pairs(**rows: Mapping[str, object]) -> bytes:
    return result(json.dumps(rows))


def ticker_of(last: float = 50000.2) -> Ticker:
    return Ticker(
        instrument=BTC,
        last=last,
        bid=50000.2,
        ask=50000.3,
        high=52000.5,
        low=48000.5,
        volume=1000.25,
        quote_volume=50212550.0,
        received_ns=RECEIVED_NS,
    )


REPLIES = (
    Reply(request=LIST, body=pairs(XXBTZUSD=PAIR), value=Listing([LISTED])),
    Reply(
        request=REST.book(BTC, 20),
        body=result("""{"XXBTZUSD":{"asks":[["50000.30000","1.500",1767225600]],
        "bids":[["50000.20000","2.250",1767225599],["49999.90000","0.001",1767225590]]}}"""),
        value=BookSnapshot(
            instrument=BTC,
            bids=[(50000.2, 2.25), (49999.9, 0.001)],
            asks=[(50000.3, 1.5)],
            sequence=0,
            received_ns=RECEIVED_NS,
        ),
    ),
    Reply(
        request=REST.trades(BTC),
        body=result("""{"XXBTZUSD":[["50000.10000","0.25",1767225600.1234567,"s","m","",71],
        ["50000.20000","0.5",1767225601.5,"b","l","",72]],"last":"1767225601500000000"}"""),
        value=[
            Trade(
                instrument=BTC,
                price=50000.1,
                size=0.25,
                side=Side.SELL,
                trade_id="71",
                venue_ns=1_767_225_600_123_456_700,
                received_ns=RECEIVED_NS,
            ),
            Trade(
                instrument=BTC,
                price=50000.2,
                size=0.5,
                side=Side.BUY,
                trade_id="72",
                venue_ns=1_767_225_601_500_000_000,
                received_ns=RECEIVED_NS,
            ),
        ],
    ),
    Reply(
        request=REST.ticker(BTC),
        body=result(f'{{"XXBTZUSD":{TICKER_ROW}}}'),
        value=ticker_of(),
    ),
    Reply(
        request=REST.tickers(Kind.SPOT, Instruments([BTC]).native),
        body=result(f'{{"NOPEUSD":{TICKER_ROW},"XXBTZUSD":{TICKER_ROW}}}'),
        value=[ticker_of()],
    ),
    Reply(
        request=REST.klines(BTC, KlineInterval.M1, 2),
        body=result("""{"XXBTZUSD":[[1767225480,"1","1","1","1","0.0","0.00000000",0],
        [1767225540,"50000.0","50001.0","49999.0","50000.5","50000.25","2.00000000",7],
        [1767225600,"50000.5","50000.5","50000.5","50000.5","0.0","0.00000000",0]],
        "last":1767225540}"""),
        value=[
            Kline(
                instrument=BTC,
                interval=KlineInterval.M1,
                open_ns=1_767_225_540_000_000_000,
                open=50000.0,
                high=50001.0,
                low=49999.0,
                close=50000.5,
                volume=2.0,
                quote_volume=100000.5,
                trades=7,
                closed=True,
                received_ns=RECEIVED_NS,
            ),
            Kline(
                instrument=BTC,
                interval=KlineInterval.M1,
                open_ns=1_767_225_600_000_000_000,
                open=50000.5,
                high=50000.5,
                low=50000.5,
                close=50000.5,
                volume=0.0,
                quote_volume=0.0,
                trades=0,
                closed=False,
                received_ns=RECEIVED_NS,
            ),
        ],
    ),
    Reply(
        request=REST.server_time(),
        body=result('{"unixtime":1767225600,"rfc1123":"Thu,  1 Jan 26 00:00:00 +0000"}'),
        value=1_767_225_600_000_000_000,
    ),
    Reply(request=REST.ping(), body=result('{"status":"online"}'), value=None),
)


@pytest.mark.parametrize("reply", REPLIES, ids=str)
def test_reply_becomes_a_value(reply: Reply) -> None:
    assert reply.request.read(ok(reply.body)) == reply.value


# Requests.


@pytest.mark.parametrize(
    ("target", "asked"),
    [
        (REST.book(BTC, 20).target, "Depth?pair=XBTUSD&count=20"),
        (REST.book(BTC).target, "Depth?pair=XBTUSD&count=500"),
        (REST.trades(DOGE, 5000).target, "Trades?pair=XDGEUR&count=1000"),
        (REST.ticker(DOGE).target, "Ticker?pair=XDGEUR"),
        (REST.klines(BTC, KlineInterval.H4).target, "OHLC?pair=XBTUSD&interval=240"),
    ],
)
def test_pair_is_asked_for_by_its_older_name(target: str, asked: str) -> None:
    assert target == f"/0/public/{asked}"


def test_candle_that_the_venue_has_not_is_a_mistake_of_ours() -> None:
    with pytest.raises(CodecUsageError):
        REST.klines(BTC, KlineInterval.H2)


# Names.


@pytest.mark.parametrize(
    ("native", "wsname", "alternative", "pair_id"),
    [
        ("BTC/USD", "XBT/USD", "XBTUSD", "XXBTZUSD"),
        ("BTC/USDT", "XBT/USDT", "XBTUSDT", "XBTUSDT"),
        ("DOGE/BTC", "XDG/XBT", "XDGXBT", "XXDGXXBT"),
        ("ETH/EUR", "ETH/EUR", "ETHEUR", "XETHZEUR"),
        ("USDT/USD", "USDT/USD", "USDTUSD", "USDTZUSD"),
        ("EUR/USD", "EUR/USD", "EURUSD", "ZEURZUSD"),
        ("XTZ/USD", "XTZ/USD", "XTZUSD", "XTZUSD"),
    ],
)
def test_pair_has_three_names_beside_that_of_the_streams(
    native: str, wsname: str, alternative: str, pair_id: str
) -> None:
    assert streamed(wsname) == native
    assert altname(native) == alternative
    assert native in set(natives_of(pair_id))


@pytest.mark.parametrize(
    ("native", "symbol"),
    [
        ("BTC/USD", "BTC/USD"),
        ("LUNA2/USD", "LUNA/USD"),
        ("LUNA/USD", "LUNC/USD"),
        ("XBTUSD", None),
        ("BTC/USD/X", None),
        ("/USD", None),
        ("", None),
    ],
)
def test_market_is_guessed_from_its_name(native: str, symbol: str | None) -> None:
    instrument = VENUE.guess(Kind.SPOT, native)
    assert (instrument.symbol if instrument else None) == symbol
    assert VENUE.guess(Kind.PERPETUAL, native) is None


@pytest.mark.parametrize(("wsname", "symbol"), [("REP/USD", "REPV1/USD"), ("REPV2/EUR", "REP/EUR")])
def test_kraken_b9_its_rep_is_that_of_before_the_migration(wsname: str, symbol: str) -> None:
    (instrument,) = LIST.read(ok(pairs(REPUSD={**PAIR, "wsname": wsname}))).instruments
    assert (instrument.symbol, instrument.native) == (symbol, wsname)


# The list of pairs.


def test_pairs_of_another_engine_and_those_that_no_stream_tells_are_left_out() -> None:
    listing = LIST.read(
        ok(
            pairs(
                **{
                    "XXBTZUSD": PAIR,
                    "XXBTZUSD:BTNL": {**PAIR, "wsname": "XBT/GBP"},
                    "A": {**PAIR, "wsname": "XBT/CAD", "execution_venue": "bitnomial_exchange"},
                    "XXBTZUSD.d": {key: PAIR[key] for key in PAIR if key != "wsname"},
                }
            )
        )
    )
    assert [one.symbol for one in listing.instruments] == ["BTC/USD"]
    assert listing.odd == ()


@pytest.mark.parametrize("status", ["cancel_only", "post_only", "limit_only", "reduce_only", "new"])
def test_pair_that_does_not_take_every_order_is_halted(status: str) -> None:
    (one,) = LIST.read(ok(pairs(A={**PAIR, "status": status}))).instruments
    assert one.status is Status.HALTED


@pytest.mark.parametrize(
    ("changes", "tick", "written"),
    [
        ({"tick_size": "0.5"}, "0.5", "0.5"),
        ({"tick_size": "1"}, "1", "1.0"),  # the checksum needs the digit
        ({"tick_size": "1", "pair_decimals": 0}, "1", "1"),
        ({"tick_size": None, "pair_decimals": 3}, "0.001", "0.001"),
    ],
)
def test_tick_is_written_with_the_decimals_of_a_price(
    changes: Mapping[str, object], tick: str, written: str
) -> None:
    (one,) = LIST.read(ok(pairs(A={**PAIR, **changes}))).instruments
    assert (one.tick, str(one.tick)) == (Decimal(tick), written)


@pytest.mark.parametrize(
    "changes",
    [{"tick_size": "0.05"}, {"wsname": "XBTUSD"}, {"costmin": "-1"}, {"lot_decimals": 99}],
)
def test_row_that_cannot_be_costs_no_other_market(changes: Mapping[str, object]) -> None:
    listing = LIST.read(ok(pairs(A={**PAIR, **changes}, B=PAIR)))
    assert [one.symbol for one in listing.instruments] == ["BTC/USD"]
    assert len(listing.odd) == 1


# Errors.


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("EQuery:Unknown asset pair", InvalidSymbol),
        ("EQuery:Invalid asset pair", InvalidSymbol),
        ("EService:Market in cancel_only mode", TradingDisabled),
        ("EService:Unavailable", VenueUnavailable),
        ("EService:Busy", VenueUnavailable),
        ("EGeneral:Internal error", VenueUnavailable),
        ("EGeneral:Permission denied", PermissionDenied),
        ("EAPI:Invalid key", AuthenticationError),
        ("EGeneral:Invalid arguments", ExchangeError),
        ("E", ExchangeError),
    ],
)
def test_error_is_known_by_its_beginning(text: str, error: type[ExchangeError]) -> None:
    with pytest.raises(ExchangeError) as caught:
        REST.server_time().read(ok(json.dumps({"error": [text]}).encode()))
    assert type(caught.value) is error
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("text", "wait_s"),
    [
        ("EGeneral:Too many requests", 5.0),
        ("EAPI:Rate limit exceeded", 5.0),
        ("EGeneral:Temporary lockout", 900.0),
        ("EService:Throttled: 1700000030", 30.0),
        ("EService:Throttled: 1600000000", 5.0),
        ("EService:Throttled: 99999999999", 3600.0),
        ("EService:Throttled: soon", 5.0),
        ("EService:Throttled: " + "9" * 5000, 5.0),
    ],
)
def test_venue_says_how_long_to_stay_away(text: str, wait_s: float) -> None:
    with pytest.raises(RateLimited) as caught:
        REST.server_time().read(ok(json.dumps({"error": [text]}).encode()))
    assert caught.value.retry_after_s == wait_s


def test_warning_is_no_error() -> None:
    body = b'{"error":["WGeneral:Danger"],"result":{"unixtime":1}}'
    assert REST.server_time().read(ok(body)) == 1_000_000_000


@pytest.mark.parametrize(
    ("status", "error"),
    [("maintenance", VenueUnavailable), ("cancel_only", TradingDisabled)],
)
def test_venue_that_does_not_trade_says_so_when_pinged(
    status: str, error: type[ExchangeError]
) -> None:
    with pytest.raises(error):
        REST.ping().read(ok(result(f'{{"status":"{status}"}}')))


def test_reply_without_a_result_is_a_protocol_error() -> None:
    with pytest.raises(VenueProtocolError):
        REST.ticker(BTC).read(ok(b'{"error":[],"result":{"last":"1"}}'))
