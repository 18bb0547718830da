"""Venues that trade a thousand of an asset as one, beside venues that trade the asset."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest
import trio
from msgspec.structs import replace
from trio.testing import MockClock

from actors.detection.identity import AssetIdentity, Comparable
from actors.detection.opportunity import DetectorSettings, Phase
from actors.edges.clock import TrioClock
from actors.recording.format import read_recording
from actors.recording.recorder import Recorder
from actors.recording.replay import Replay
from actors.sandbox.server import SandboxServer
from exchanges.errors import InvalidSymbol
from exchanges.market.events import Trade
from supervisor.settings.loading import read_config
from supervisor.system.engine import Engine, Taps, UnknownMarket, open_engine
from supervisor.system.exchange import open_exchange
from tests.actors.sandbox.sandboxes import EPOCH_NS, levels_of, make_server, sandboxes
from tests.system.conftest import fees_of

SPOT, PERPETUAL = "PEPE/USDT", "PEPE/USDT:USDT"
ALIAS = "1000PEPE/USDT:USDT"
SAID = f"trades {ALIAS} as 1000 PEPE in one; its market is told per PEPE here: write {PERPETUAL}"
PARTING = {"open_bps": 2.0, "close_bps": 0.0, "min_notional": 10}


@asynccontextmanager
async def engine_over(
    venues: Mapping[str, list[str]],
    listed: Iterable[str] = (SPOT, PERPETUAL),
    *,
    recorder: Recorder | None = None,
    **settings: Any,
) -> AsyncIterator[tuple[Engine, Mapping[str, SandboxServer]]]:
    """An engine that watches symbols at sandboxes of venues, which list others as well."""
    async with sandboxes(*venues, symbols=listed) as (network, servers, endpoints):
        configured = {
            name: {"symbols": symbols, "endpoints": endpoints[name], "fees": fees_of(name)}
            for name, symbols in venues.items()
        }
        config = read_config({"venues": configured, "detector": PARTING} | settings)
        taps = Taps(recorder.stream_tap, recorder.http_tap) if recorder else None
        async with open_engine(
            config, network=network, clock=TrioClock(EPOCH_NS), chance=Random(1), taps=taps
        ) as engine:
            yield engine, servers


async def live(engine: Engine, *markets: tuple[str, str]) -> None:
    with trio.fail_after(60):
        for market in markets:
            await engine.until_live(*market)


async def test_perpetual_of_a_thousand_and_spot_market_make_an_opportunity(
    autojump_clock: MockClock,
) -> None:
    venues = {"gateio": [SPOT], "binance": [PERPETUAL], "bybit": [PERPETUAL]}
    async with engine_over(venues, comparable="spot-perp") as (engine, servers):
        await live(engine, ("gateio", SPOT), ("binance", PERPETUAL), ("bybit", PERPETUAL))
        with engine.opportunities() as changes, trio.fail_after(600):
            async for change in changes:
                found = change.opportunity
                kinds = {found.sell.instrument.kind, found.buy.instrument.kind}
                if change.phase is Phase.OPENED and len(kinds) == 2:
                    break
        assert 2.0 < found.edge_bps < 1_000
        assert found.sell.price == pytest.approx(found.buy.price, rel=0.1)
        perpetual = next(
            leg.instrument for leg in (found.sell, found.buy) if leg.instrument.multiplier == 1000
        )
        assert perpetual.symbol == PERPETUAL
        assert found.size % perpetual.step == 0
        assert (found.size / perpetual.multiplier) % perpetual.as_traded().step == 0
        assert found.proceeds == pytest.approx(float(found.size) * found.sell.price, rel=0.01)

        await trio.sleep(130)  # two audits of each venue
        assert {name: count.mismatches for name, count in engine.audits.items()} == dict.fromkeys(
            venues, 0
        )
        assert all(count.audits for count in engine.audits.values())
        assert servers["binance"].venue.markets[PERPETUAL].listed.symbol == ALIAS


async def test_markets_that_are_mapped_are_guarded_by_the_ratio_of_their_prices(
    autojump_clock: MockClock,
) -> None:
    """Two assets of prices far apart, which the configuration takes for one."""
    venues = {"gateio": ["BTC/USDT"], "kucoin": ["ETH/USDT"]}
    assets = {"gateio:BTC": "X", "kucoin:ETH": "X"}
    async with engine_over(venues, ["BTC/USDT", "ETH/USDT"], assets=assets) as (engine, _):
        await live(engine, ("gateio", "BTC/USDT"), ("kucoin", "ETH/USDT"))
        await trio.sleep(30)
        assert engine.open_opportunities() == []
        assert engine.refused == {"price ratio": 1}


async def test_a_factor_tells_a_market_that_no_rule_reads(autojump_clock: MockClock) -> None:
    own, told = "SATSK/USDT", "SATS/USDT"
    assets = {"kucoin:SATSK": {"asset": "SATS", "factor": 1000}}
    async with engine_over({"kucoin": [told]}, [own], assets=assets) as (engine, servers):
        await live(engine, ("kucoin", told))
        await trio.sleep(5)
        book = engine.book("kucoin", told)
        bids, asks = levels_of(servers["kucoin"].venue.markets[own], 5)
        ours = [(price * 1000, size / 1000) for price, size in (*book.bids(5), *book.asks(5))]
        assert ours == [pytest.approx(level) for level in (*bids, *asks)]
        assert book.instrument.traded_as == "SATSK"


async def test_the_venues_own_symbol_is_answered_with_the_unified_one(
    autojump_clock: MockClock,
) -> None:
    async with engine_over({"binance": [PERPETUAL, ALIAS]}) as (engine, _):
        await live(engine, ("binance", PERPETUAL))
        with pytest.raises(UnknownMarket, match=f"binance {SAID}"):
            engine.book("binance", ALIAS)
        await engine.remove("binance", ALIAS)
        with pytest.raises(InvalidSymbol, match=SAID):
            await engine.add("binance", ALIAS)


async def test_one_exchange_tells_prices_per_unit_of_the_asset(autojump_clock: MockClock) -> None:
    async with (
        sandboxes("binance", symbols=[SPOT, PERPETUAL]) as (network, servers, endpoints),
        open_exchange(
            "binance", endpoints=endpoints["binance"], network=network, clock=TrioClock(EPOCH_NS)
        ) as exchange,
    ):
        spot, perpetual = await exchange.ticker(SPOT), await exchange.ticker(PERPETUAL)
        assert perpetual.last == pytest.approx(spot.last, rel=0.05)
        price = servers["binance"].venue.markets[PERPETUAL].synthetic.ticks.number
        async with exchange.stream_trades(PERPETUAL) as trades:
            with trio.fail_after(60):
                trade = await anext(trades)
        assert isinstance(trade, Trade)
        matches = servers["binance"].venue.markets[PERPETUAL].synthetic.statistics.trades
        assert trade.price in {price(match.price) for match in matches}
        with pytest.raises(InvalidSymbol, match=SAID):
            await exchange.ticker(ALIAS)


async def test_a_market_whose_symbol_goes_to_another_of_the_venue_is_opened_anew(
    autojump_clock: MockClock,
) -> None:
    """The venue lists the asset itself as well, to which its name belongs from then on."""
    async with engine_over({"binance": [PERPETUAL, ALIAS]}, refresh_s=10) as (engine, servers):
        await live(engine, ("binance", PERPETUAL))
        before = engine.book("binance", PERPETUAL)
        venue = servers["binance"].venue
        thousand = venue.markets[PERPETUAL]
        lent = make_server("binance", TrioClock(EPOCH_NS), symbols=["BTC/USDT:USDT"])
        plain = lent.venue.markets["BTC/USDT:USDT"]
        names = {"symbol": PERPETUAL, "native": "PEPEUSDT", "base": "PEPE"}
        plain.instrument = plain.listed = replace(plain.instrument, **names)
        venue.markets |= {PERPETUAL: plain, ALIAS: thousand}
        await trio.sleep(15)
        await live(engine, ("binance", PERPETUAL), ("binance", ALIAS))
        now, own = engine.book("binance", PERPETUAL), engine.book("binance", ALIAS)
        assert now is not before
        assert (now.instrument.native, own.instrument.native) == ("PEPEUSDT", "1000PEPEUSDT")
        assert now.top().bid == pytest.approx(levels_of(plain, 1)[0][0][0], rel=0.01)
        assert own.top().bid == pytest.approx(levels_of(thousand, 1)[0][0][0] * 1000, rel=0.01)


async def test_a_recording_is_replayed_in_plain_units(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    path = tmp_path / "scaled.jsonl"
    recorder = Recorder(path, TrioClock(EPOCH_NS))
    markets = [("binance", PERPETUAL), ("bybit", PERPETUAL)]
    async with trio.open_nursery() as nursery:
        await nursery.start(recorder.run)
        venues = {name: [symbol] for name, symbol in markets}
        async with engine_over(venues, recorder=recorder) as (engine, _):
            await live(engine, *markets)
            await trio.sleep(5.05)
            held = {market: engine.book(*market).bids(1_000) for market in markets}
        nursery.cancel_scope.cancel()
    replay = Replay(
        DetectorSettings(), AssetIdentity({}, Comparable.SAME_SYMBOL), lambda venue, one: 0.0
    )
    for record in read_recording(path):
        replay.feed(record)
    assert {market: book.bids(1_000) for market, book in replay.books.items()} == held
