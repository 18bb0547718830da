"""Tests of `supervisor.system.branch` and its markets: what is watched, and who keeps its books."""

from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
import trio
from msgspec.structs import replace
from trio.testing import MockClock

from actors.books.order_book import BookNotLive, OrderBook, SequenceError
from actors.detection.opportunity import Phase, Reason
from actors.edges.clock import TrioClock
from actors.venue.measuring import CLOCK_EVERY_S
from exchanges import VENUES
from exchanges.errors import CodecUsageError, InvalidSymbol
from exchanges.market.events import BookLost, Event, Fault, InstrumentChange
from exchanges.market.topics import Channel, Topic
from exchanges.rest.request import Request
from supervisor.settings.reader import ConfigError
from supervisor.system.branch import VenueBranch
from supervisor.system.engine import UnknownMarket
from tests.actors.sandbox.sandboxes import EPOCH_NS, SYMBOLS, make_server
from tests.system.conftest import Rig, rig

BTC, ETH, PERPETUAL = SYMBOLS
PARTING = {"open_bps": 1.0, "close_bps": 0.0, "min_notional": 10}
REFRESH_S = 10.0
REFRESHED_S = REFRESH_S + 1.0  # with the time that lists take


def branch_of(made: Rig, venue: str) -> VenueBranch:
    return made.engine._branches[venue]


# What is watched.


async def test_symbols_watched_twice_or_never_are_no_mistake(autojump_clock: MockClock) -> None:
    async with rig("binance", symbols=[BTC]) as made:
        await made.until_live(1)
        book = made.engine.book("binance", BTC)
        await made.engine.add("binance", BTC, BTC)
        await made.engine.remove("binance", ETH)
        await made.watch(1.0)
        assert made.engine.books() == [book]
        assert book.snapshots == 1


async def test_a_symbol_that_two_add_at_once_is_wished_once(autojump_clock: MockClock) -> None:
    async with rig("binance", symbols=[BTC]) as made:
        await made.until_live(1)
        async with trio.open_nursery() as nursery:
            for _ in range(2):
                nursery.start_soon(made.engine.add, "binance", ETH)
        assert branch_of(made, "binance").wished == [BTC, ETH]


async def test_nothing_is_added_to_a_venue_that_is_being_removed(
    autojump_clock: MockClock,
) -> None:
    async def add(made: Rig) -> None:
        with suppress(UnknownMarket, InvalidSymbol):  # unless it was quicker
            await made.engine.add("okx", ETH)

    async with rig("binance", "okx", symbols=[BTC]) as made:
        await made.until_live(2)
        own = made.engine.config.venues["okx"]
        async with trio.open_nursery() as nursery:
            nursery.start_soon(made.engine.remove_venue, "okx")
            for _ in range(3):
                nursery.start_soon(add, made)
        assert [book.instrument.venue for book in made.engine.books()] == ["binance"]
        await made.engine.add_venue("okx", own)
        await made.engine.add("okx", ETH)
        await made.watch(30.0)
        assert made.engine.book("okx", ETH).is_live


async def test_a_symbol_that_is_removed_and_added_gets_a_new_book(
    autojump_clock: MockClock,
) -> None:
    async with rig("binance", symbols=[BTC, ETH]) as made:
        await made.until_live(2)
        book = made.engine.book("binance", BTC)
        await made.engine.remove("binance", BTC)
        assert book.fault is Fault.UNSUBSCRIBED
        await made.engine.add("binance", BTC)
        await made.until_live(2)
        await made.watch(1.0)
        assert made.engine.book("binance", BTC) is not book
        assert not book.is_live


async def test_a_symbol_added_before_the_lists_are_there_is_opened_with_them(
    autojump_clock: MockClock,
) -> None:
    async with rig("binance", "okx", symbols=[BTC], absent="okx") as made:
        await made.until_live(1)
        await made.engine.add("okx", ETH, "NOPE/USDT")
        with pytest.raises(BookNotLive, match="instruments are being loaded"):
            made.engine.book("okx", ETH)
        made.network.listen("okx.sandbox", made.servers["okx"].serve)
        await made.until_live(3, within_s=600)
        with pytest.raises(UnknownMarket, match="okx does not trade NOPE/USDT"):
            made.engine.book("okx", "NOPE/USDT")


async def test_channels_are_subscribed_where_the_venue_has_them(autojump_clock: MockClock) -> None:
    channels = ["funding", "ticker"]
    async with rig("okx", symbols=[BTC, PERPETUAL], channels=channels, klines=["1m"]) as made:
        await made.until_live(2)
        placement = branch_of(made, "okx").placement
        channels = [str(topic.channel) for topic in placement.topics_of(BTC)]
        assert channels == ["book", "ticker", "klines"]
        assert Topic(Channel.FUNDING, PERPETUAL) in placement.topics_of(PERPETUAL)


async def test_a_topic_is_open_while_anybody_wants_it(autojump_clock: MockClock) -> None:
    trades, book = Topic(Channel.TRADES, BTC), Topic(Channel.BOOK, BTC)
    async with rig("okx", symbols=[BTC], channels=["trades"]) as made:
        await made.until_live(1)
        branch = branch_of(made, "okx")
        await branch.want(trades)
        await branch.want(trades)
        await branch.want(book)
        kept = made.engine.book("okx", BTC)
        await made.engine.remove("okx", BTC)
        assert branch.placement.topics_of(BTC) == [book, trades]
        await branch.unwant(trades)
        assert branch.placement.topics_of(BTC) == [book, trades]
        await branch.unwant(trades)
        assert branch.placement.topics_of(BTC) == [book]
        await made.engine.add("okx", BTC)
        await branch.unwant(book)
        assert branch.placement.topics_of(BTC) == [book, trades]
        await made.watch(1.0)
        assert branch.markets[BTC].book is kept
        assert (kept.is_live, kept.snapshots) == (True, 1)
        await made.engine.remove_venue("okx")
        await branch.unwant(book)  # whoever comes late harms nothing
        assert not branch.placement.topics


async def test_what_cannot_be_had_is_not_wanted(autojump_clock: MockClock) -> None:
    async with rig("okx", symbols=[BTC]) as made:
        await made.until_live(1)
        branch = branch_of(made, "okx")
        with pytest.raises(InvalidSymbol, match="does not trade NO/THING"):
            await branch.want(Topic(Channel.BOOK, "NO/THING"))
        with pytest.raises(CodecUsageError, match="streams no funding of spot markets"):
            await branch.want(Topic(Channel.FUNDING, BTC))
        del made.servers["okx"].venue.markets[ETH]
        await branch.changed(await branch.listings.loader.load())
        with pytest.raises(InvalidSymbol, match=f"does not trade {ETH}"):
            await branch.want(Topic(Channel.BOOK, ETH))
        assert branch.placement.topics_of(BTC) == list(branch.placement.topics)
        await branch.close()
        with pytest.raises(InvalidSymbol, match="is watched no longer"):
            await branch.want(Topic(Channel.BOOK, BTC))


@pytest.mark.parametrize("after_s", [0.0, 0.001, 0.01, 0.1])
async def test_a_wish_that_is_cancelled_leaves_no_half_market(
    after_s: float, autojump_clock: MockClock
) -> None:
    async with rig("binance", symbols=[BTC]) as made:
        await made.until_live(1)
        with trio.move_on_after(after_s):
            await made.engine.add("binance", ETH, PERPETUAL)
        branch = branch_of(made, "binance")
        assert set(branch.context.inboxes) == set(branch.markets)
        await made.until_live(len(branch.markets))
        await made.engine.add("binance", ETH, PERPETUAL)
        await made.until_live(3)


async def test_a_venue_is_added_once(autojump_clock: MockClock) -> None:
    async with rig("binance", "okx") as made:
        await made.until_live(6)
        with pytest.raises(ConfigError, match=r"^venues.okx: is watched already$"):
            await made.engine.add_venue("okx", made.engine.config.venues["okx"])
        await made.watch(1.0)
        assert len(made.live()) == 6


async def test_a_venue_is_added_once_though_two_ask_while_it_is_loaded(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def load_slowly(name: str, network: object) -> None:
        await trio.sleep(1)

    monkeypatch.setattr("supervisor.system.engine.load_venue", load_slowly)
    said: list[str] = []
    async with rig("binance", "okx") as made:
        own = made.engine.config.venues["okx"]
        await made.engine.remove_venue("okx")

        async def add() -> None:
            try:
                await made.engine.add_venue("okx", own)
            except ConfigError as error:
                said.extend(error.problems)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(add)
            nursery.start_soon(add)
        await made.until_live(6)
    assert said == ["venues.okx: is watched already"]


@pytest.mark.parametrize("turns", range(24, 44, 2))
async def test_no_turn_of_the_loop_is_a_bad_one_to_cancel_a_removal(
    turns: int, autojump_clock: MockClock
) -> None:
    async with rig("okx", symbols=[BTC]) as made:
        await made.until_live(1)
        own = made.engine.config.venues["okx"]
        async with trio.open_nursery() as nursery:
            nursery.start_soon(made.engine.remove_venue, "okx")
            for _ in range(turns):
                await trio.lowlevel.checkpoint()
            nursery.cancel_scope.cancel()
        if "okx" in made.engine.config.venues:
            await made.engine.remove_venue("okx")
        await made.engine.add_venue("okx", own)
        await made.until_live(1)


async def test_who_reads_with_a_bound_does_not_get_an_old_book(autojump_clock: MockClock) -> None:
    async with rig("okx", symbols=[BTC]) as made:
        await made.until_live(1)
        book = made.engine.book("okx", BTC)
        assert book.top(max_age_s=1.0) == book.top()
        made.servers["okx"].fall_silent(5.0)
        await trio.sleep(3.0)
        assert book.is_live
        for read in (book.top, book.bids, book.asks):
            with pytest.raises(BookNotLive, match=r"stale \(\d\.\d s old, and 1 s are allowed\)"):
                read(max_age_s=1.0)


# Instruments that change.


async def test_fault_23_new_rules_reach_a_watched_market_and_are_told(
    autojump_clock: MockClock,
) -> None:
    async with rig("okx", refresh_s=REFRESH_S) as made:
        await made.until_live(3)
        market = made.servers["okx"].venue.markets[BTC]
        market.instrument = replace(market.instrument, min_size=market.instrument.min_size * 2)
        with made.engine.events.listen(lambda event: isinstance(event, InstrumentChange)) as told:
            await trio.sleep(REFRESHED_S)
            change = await anext(told)
        assert isinstance(change, InstrumentChange)
        assert change.previous is not None
        assert change.instrument.min_size == change.previous.min_size * 2
        assert branch_of(made, "okx").markets[BTC].instrument == change.instrument
        book = made.engine.book("okx", BTC)
        assert book.instrument == book.top().instrument == change.instrument
        assert not any(book.losses for book in made.engine.books())


async def test_fault_23_a_contract_of_another_size_starts_its_book_anew(
    autojump_clock: MockClock,
) -> None:
    async with rig("okx", symbols=[PERPETUAL], refresh_s=REFRESH_S) as made:
        await made.until_live(1)
        book = made.engine.book("okx", PERPETUAL)
        market = made.servers["okx"].venue.markets[PERPETUAL]
        size = market.instrument.contract_size * 10
        market.instrument = replace(market.instrument, contract_size=size)
        await trio.sleep(REFRESHED_S)
        with pytest.raises(BookNotLive):
            book.top()
        await made.until_live(1)
        anew = made.engine.book("okx", PERPETUAL)
        assert (anew is not book, anew.instrument.contract_size) == (True, size)


async def test_rules_that_are_known_reach_what_is_open_though_their_reader_is_cancelled(
    autojump_clock: MockClock,
) -> None:
    """No later list would tell them as a change."""
    async with rig("okx", symbols=[BTC]) as made:
        await made.until_live(1)
        branch = branch_of(made, "okx")
        before = branch.markets[BTC].instrument
        after = replace(before, min_size=before.min_size * 2)
        branch.context.instruments.add(after)
        with trio.CancelScope() as scope:
            scope.cancel()
            await branch.changed(
                [InstrumentChange(instrument=after, previous=before, received_ns=0)]
            )
        assert made.engine.book("okx", BTC).instrument == after


async def test_another_fee_reaches_the_detector(autojump_clock: MockClock) -> None:
    async with rig("binance", "okx", symbols=[BTC], detector=PARTING) as made:
        await made.until_live(2)
        made.engine.config.venues["okx"].fees.clear()  # so that the market's own counts
        branch = branch_of(made, "okx")
        before = branch.markets[BTC].instrument
        after = replace(before, taker_fee=Decimal("0.5"))
        with trio.fail_after(300):
            while not made.engine.open_opportunities():
                await made.tick()
        branch.context.instruments.add(after)
        await branch.changed([InstrumentChange(instrument=after, previous=before, received_ns=0)])
        assert not made.engine.open_opportunities()
        await made.watch(30.0)
        assert not made.engine.open_opportunities()


async def test_a_market_that_is_listed_late_is_opened_then(autojump_clock: MockClock) -> None:
    new = "SOL/USDT"
    async with rig("okx", symbols=[BTC, new], refresh_s=REFRESH_S) as made:
        await made.until_live(1)
        with pytest.raises(UnknownMarket, match=f"okx does not trade {new}"):
            made.engine.book("okx", new)
        later = make_server("okx", TrioClock(EPOCH_NS), symbols=[new])
        made.servers["okx"].venue.markets |= later.venue.markets
        await made.until_live(2, within_s=REFRESHED_S + 1.0)
        assert not branch_of(made, "okx").unknown


async def test_fault_23_a_market_that_is_listed_no_more_is_not_opened_again(
    autojump_clock: MockClock,
) -> None:
    async with rig("okx", refresh_s=REFRESH_S) as made:
        await made.until_live(3)
        book = made.engine.book("okx", ETH)
        del made.servers["okx"].venue.markets[ETH]
        with made.engine.tops.listen(lambda news: isinstance(news, BookLost)) as losses:
            await trio.sleep(REFRESHED_S)
            lost = await anext(losses)
        assert isinstance(lost, BookLost)
        assert (lost.instrument.symbol, lost.fault) == (ETH, Fault.DELISTED)
        with pytest.raises(BookNotLive, match="delisted"):
            book.top()
        assert ETH not in branch_of(made, "okx").markets
        await made.engine.remove("okx", ETH)
        await made.engine.add("okx", ETH)
        with pytest.raises(UnknownMarket, match=f"okx does not trade {ETH}"):
            made.engine.book("okx", ETH)


async def test_lists_that_hang_do_not_keep_the_clock_from_being_measured(
    autojump_clock: MockClock,
) -> None:
    async with rig("okx", symbols=[BTC], refresh_s=REFRESH_S) as made:
        await made.until_live(1)
        gateway, asked_s = branch_of(made, "okx").context.gateway, [0.0]
        call = gateway.call

        async def hang(request: Request[Any]) -> Any:
            if str(request) != str(VENUES["okx"].rest.server_time()):
                await trio.sleep_forever()
            asked_s.append(trio.current_time())
            return await call(request)

        gateway.call = hang  # type: ignore[method-assign]
        await trio.sleep(4 * CLOCK_EVERY_S)
        assert len(asked_s) >= 4


# Who keeps the books.


async def test_a_book_whose_actor_failed_starts_anew(autojump_clock: MockClock) -> None:
    async with rig("binance", "okx", symbols=[BTC, ETH]) as made:
        await made.until_live(4)
        for venue in ("binance", "okx"):
            fail_once(made.engine.book(venue, BTC))
        with made.engine.tops.listen(lambda news: isinstance(news, BookLost)) as losses:
            await made.watch(5.0)
            lost = [await anext(losses), await anext(losses)]
        assert {
            (news.instrument.symbol, news.fault) for news in lost if isinstance(news, BookLost)
        } == {(BTC, Fault.FAILED)}
        await made.until_live(4)
        await made.watch(5.0)
        nodes = made.nodes()
        assert [nodes[f"{venue} {BTC}"].restarts for venue in ("binance", "okx")] == [1, 1]
        for book in made.engine.books():
            failures = 1 if book.instrument.symbol == BTC else 0
            assert (book.snapshots, book.losses[Fault.FAILED]) == (1 + failures, failures)


def fail_once(book: OrderBook) -> None:
    """Let the book's actor fail at the next event, as by a mistake of ours."""
    apply = book.apply

    def fail(event: Event) -> None:
        book.apply = apply  # type: ignore[method-assign]
        raise SequenceError("a mistake of ours")

    book.apply = fail  # type: ignore[method-assign]


async def test_opportunities_of_a_market_end_when_nobody_watches_it(
    autojump_clock: MockClock,
) -> None:
    async with rig("binance", "okx", symbols=[BTC], detector=PARTING) as made:
        await made.until_live(2)
        with trio.fail_after(300):
            while not made.engine.open_opportunities():
                await made.tick()
        with made.engine.opportunities() as changes:
            await made.engine.remove("okx", BTC)
            change = await anext(changes)
        assert (change.phase, change.reason) == (Phase.CLOSED, Reason.REMOVED)
        assert not made.engine.open_opportunities()
