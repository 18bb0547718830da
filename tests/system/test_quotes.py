"""Whole trees that watch markets of different quotes: compared by live rates, or refused."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import msgspec
import pytest
import trio
from trio.testing import MockClock

from actors.detection.opportunity import OpportunityChange, Phase, Reason
from actors.detection.quotes import Rate
from actors.edges.clock import TrioClock
from exchanges.sandbox.world import Depeg, World
from supervisor.settings.config import Config
from supervisor.settings.loading import read_config
from supervisor.system import sandboxes as serving
from supervisor.system.engine import Engine, open_engine
from supervisor.system.sandboxes import open_sandboxes
from tests.actors.sandbox.sandboxes import EPOCH_NS

FREE = {"spot": {"maker_bps": 0, "taker_bps": 0}, "perpetual": {"maker_bps": 0, "taker_bps": 0}}


def configuration(**settings: Any) -> Config:
    """Three venues, each of which quotes in another dollar."""
    return read_config(
        {
            "comparable": "spot-perp",
            "detector": {"open_bps": 2.0, "min_notional": 10.0},
            "venues": {
                "okx": {"symbols": ["BTC/USDT"], "fees": FREE},
                "kraken": {"symbols": ["BTC/USD"], "fees": {"spot": FREE["spot"]}},
                "lighter": {"symbols": ["BTC/USDC:USDC"], "fees": FREE},
                **settings.pop("venues", {}),
            },
            **settings,
        }
    )


@asynccontextmanager
async def engine_of(config: Config, *depegs: Depeg, seed: int = 3) -> AsyncIterator[Engine]:
    clock = TrioClock(EPOCH_NS)
    with pytest.MonkeyPatch.context() as patch:

        def world(now_ns: int, chance_of: Any) -> World:
            return World(now_ns, chance_of, depegs=depegs)

        patch.setattr(serving, "World", world)
        async with (
            open_sandboxes(config, seed=seed, clock=clock, in_memory=True) as sandboxes,
            open_engine(
                sandboxes.config, network=sandboxes.network, clock=clock, chance=Random(seed)
            ) as engine,
        ):
            await trio.sleep(5.0)  # lists, then rates
            yield engine


async def changes_of(engine: Engine, seconds: float) -> list[OpportunityChange]:
    found: list[OpportunityChange] = []
    with engine.opportunities() as changes, trio.move_on_after(seconds):
        async for change in changes:
            found.append(change)
    return found


async def test_markets_of_three_quotes_are_compared_by_live_rates(
    autojump_clock: MockClock,
) -> None:
    async with engine_of(configuration()) as engine:
        found = await changes_of(engine, 60.0)
        rates = engine.rates()
        assert set(rates) == {("USD", "USDC"), ("USD", "USDT"), ("USDC", "USDT")}
        assert all(isinstance(rate, Rate) for rate in rates.values()), rates
        opened = [one.opportunity for one in found if one.phase is Phase.OPENED]
        quotes = {(one.sell.instrument.quote, one.buy.instrument.quote) for one in opened}
        assert len(quotes) >= 3
        for one in opened:
            if one.sell.instrument.quote == one.buy.instrument.quote:
                continue
            assert one.rate.conversions
            assert one.rate.value == pytest.approx(1.0, abs=0.005)
            assert one.unit == one.buy.instrument.quote
            edge = one.sell.price * one.rate.value / one.buy.price - 1
            assert one.edge_bps == pytest.approx(edge * 1e4, abs=1e-6)
            assert one.rate_age_s is not None
            assert one.rate_age_s < 5.0
            assert "bp by" in str(one)


async def test_two_venues_tell_a_rate_and_keep_no_book_that_nobody_needs(
    autojump_clock: MockClock,
) -> None:
    async with engine_of(configuration()) as engine:
        await engine.until_live("okx", "USDT/USD")
        await engine.until_live("kraken", "USDT/USD")
        kept = {str(book.instrument) for book in engine.books()}
        assert kept >= {"okx USDC/USDT", "kraken USDC/USDT", "okx USDC/USD", "kraken USDC/USD"}
        assert engine.wished == {
            "okx": ("BTC/USDT",),
            "kraken": ("BTC/USD",),
            "lighter": ("BTC/USDC:USDC",),
        }
        await engine.remove("kraken", "BTC/USD")
        await trio.sleep(1.0)
        kept = {str(book.instrument) for book in engine.books()}
        assert kept == {
            "okx BTC/USDT",
            "lighter BTC/USDC:USDC",
            "okx USDC/USDT",
            "kraken USDC/USDT",
        }
        await engine.remove("lighter", "BTC/USDC:USDC")
        await trio.sleep(1.0)
        assert [str(book.instrument) for book in engine.books()] == ["okx BTC/USDT"]


async def test_a_rate_that_is_wished_for_too_is_compared_and_stays(
    autojump_clock: MockClock,
) -> None:
    async with engine_of(configuration()) as engine:
        await engine.until_live("okx", "USDT/USD")
        for venue in ("okx", "kraken"):
            await engine.add(venue, "USDT/USD")
        found = await changes_of(engine, 60.0)
        assert any(one.opportunity.sell.instrument.base == "USDT" for one in found)
        await engine.remove("kraken", "BTC/USD")
        await trio.sleep(1.0)
        assert (await engine.until_live("kraken", "USDT/USD")).is_live


async def test_venue_that_goes_takes_its_rates_along_and_another_tells_them(
    autojump_clock: MockClock,
) -> None:
    def tellers(engine: Engine) -> set[str]:
        books = (book.instrument for book in engine.books())
        return {one.venue for one in books if one.symbol == "USDC/USDT"}

    async with engine_of(configuration()) as engine:
        assert tellers(engine) == {"okx", "kraken"}
        await engine.remove_venue("kraken")
        await trio.sleep(1.0)
        assert tellers(engine) == {"okx", "lighter"}
        assert isinstance(engine.rates()["USDC", "USDT"], Rate)


async def test_a_peg_that_breaks_refuses_what_hangs_on_it_and_nothing_else(
    autojump_clock: MockClock,
) -> None:
    minute_ns = 60_000_000_000
    depeg = Depeg(
        asset="USDC", from_ns=EPOCH_NS + minute_ns, until_ns=EPOCH_NS + 2 * minute_ns, share=0.93
    )
    more = {"binance": {"symbols": ["BTC/USDT"], "fees": FREE}}
    async with engine_of(configuration(venues=more), depeg) as engine:
        await trio.sleep(60.0)
        during = await changes_of(engine, 50.0)
        assert engine.rates()["USDC", "USDT"] is Reason.RATE_BAND
        assert engine.refused[str(Reason.RATE_BAND)] > 0
        assert not any("USDC" in quotes_of(one) for one in during if one.phase is Phase.OPENED)
        assert any(one.phase is Phase.OPENED for one in during)
        await trio.sleep(10.0)
        assert isinstance(engine.rates()["USDC", "USDT"], Rate)
        after = await changes_of(engine, 60.0)
        assert any("USDC" in quotes_of(one) for one in after if one.phase is Phase.OPENED)


def quotes_of(change: OpportunityChange) -> set[str]:
    one = change.opportunity
    return {one.sell.instrument.quote, one.buy.instrument.quote}


async def test_kept_apart_they_are_compared_with_none(autojump_clock: MockClock) -> None:
    config = msgspec.structs.replace(configuration(quotes={"comparable": False}))
    async with engine_of(config) as engine:
        assert await changes_of(engine, 60.0) == []
        assert engine.rates() == {}
        assert len(engine.books()) == 3
