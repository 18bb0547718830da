"""Tests of `actors.detection.rates`: what one quote asset brings in another, by live books."""

from math import sqrt

import pytest

from actors.detection.opportunity import Reason
from actors.detection.quotes import QuoteSettings, Rate
from actors.detection.rates import Rates
from exchanges.market.events import Fault, Top
from exchanges.market.instrument import Status
from exchanges.market.numbers import NS_PER_S
from tests.actors.conftest import instrument

FEE = 0.001
MAX_AGE_NS = 30 * NS_PER_S


class World:
    """Rates, and markets that tell them."""

    def __init__(self, **settings: float) -> None:
        self.rates = Rates(QuoteSettings(**settings))  # type: ignore[arg-type]

    def tell(self, venue: str, symbol: str, bid: float, ask: float, at_ns: int = 0) -> bool:
        one = instrument(venue, symbol)
        if (venue, symbol) not in self.rates:
            self.rates.add(one, FEE)
        top = Top(instrument=one, received_ns=at_ns, bid=bid, bid_size=1, ask=ask, ask_size=1)
        return self.rates.put((venue, symbol), top)

    def of(self, sold: str, bought: str, *, at_ns: int = 0, executable: bool = True) -> Rate:
        rate = self.rates.of(sold, bought, at_ns, is_executable=executable)
        assert isinstance(rate, Rate), rate
        return rate

    def refused(self, sold: str, bought: str, at_ns: int = 0) -> Reason:
        rate = self.rates.of(sold, bought, at_ns, is_executable=True)
        assert isinstance(rate, Reason), rate
        return rate


def test_an_asset_is_worth_itself() -> None:
    assert World().of("USDT", "USDT").value == 1.0


def test_the_base_is_sold_at_the_bid_and_bought_at_the_ask_net_of_the_fee() -> None:
    world = World()
    world.tell("a", "USDC/USDT", 0.9990, 1.0010)
    assert world.of("USDC", "USDT").value == pytest.approx(0.9990 * 0.999, rel=1e-12)
    assert world.of("USDT", "USDC").value == pytest.approx(1 / (1.0010 * 1.001), rel=1e-12)


def test_the_mid_says_the_same_in_both_directions_and_knows_no_fee() -> None:
    world = World()
    world.tell("a", "USDC/USDT", 0.9990, 1.0010)
    there, back = (
        world.of(*pair, executable=False).value for pair in (("USDC", "USDT"), ("USDT", "USDC"))
    )
    assert there == pytest.approx(sqrt(0.9990 * 1.0010), rel=1e-12)
    assert there * back == pytest.approx(1.0, rel=1e-12)


def test_who_converts_takes_the_better_of_two_markets() -> None:
    world = World()
    world.tell("a", "USDC/USDT", 0.9995, 1.0005)
    world.tell("b", "USDC/USDT", 0.9999, 1.0001)
    rate = world.of("USDC", "USDT")
    assert [one.instrument.venue for one in rate.conversions] == ["b"]
    assert "b USDC/USDT 0.9999" in str(rate)


def test_two_markets_lead_by_way_of_a_third_asset() -> None:
    world = World()
    world.tell("a", "USDT/USD", 0.9990, 0.9992)
    world.tell("b", "USDC/USD", 0.9998, 1.0000)
    rate = world.of("USDT", "USDC")
    assert rate.value == pytest.approx(0.9990 * 0.999 / (1.0000 * 1.001), rel=1e-12)
    assert [one.is_sale for one in rate.conversions] == [True, False]


def test_a_market_of_the_two_comes_before_the_way_round() -> None:
    world = World()
    world.tell("a", "USDT/USD", 1.0050, 1.0051)
    world.tell("b", "USDC/USD", 0.9998, 1.0000)
    world.tell("c", "USDC/USDT", 0.9999, 1.0001)
    assert len(world.of("USDT", "USDC").conversions) == 1


def test_without_a_market_there_is_no_rate() -> None:
    world = World()
    assert world.refused("USDT", "USD") is Reason.NO_RATE
    world.tell("a", "USDT/USD", 1.0, 1.0001)
    world.rates.put(("a", "USDT/USD"), Fault.GAP)
    assert world.refused("USDT", "USD") is Reason.NO_RATE
    world.tell("a", "USDT/USD", 1.0, 1.0001)
    assert world.of("USDT", "USD").value < 1
    world.rates.remove(("a", "USDT/USD"))
    assert world.refused("USDT", "USD") is Reason.NO_RATE


def test_a_market_without_one_side_or_that_is_halted_tells_no_rate() -> None:
    world = World()
    world.tell("a", "USDT/USD", 0.0, 1.0001)
    assert world.refused("USDT", "USD") is Reason.NO_RATE
    world.tell("a", "USDT/USD", 1.0, 1.0001)
    world.rates.add(instrument("a", "USDT/USD", status=Status.HALTED), FEE)
    assert world.refused("USDT", "USD") is Reason.NO_RATE


def test_a_rate_grows_stale_and_is_fresh_again_with_the_same_prices() -> None:
    world = World()
    world.tell("a", "USDT/USD", 1.0, 1.0001)
    assert world.of("USDT", "USD", at_ns=MAX_AGE_NS)
    assert world.refused("USDT", "USD", MAX_AGE_NS + 1) is Reason.RATE_STALE
    assert world.tell("a", "USDT/USD", 1.0, 1.0001, MAX_AGE_NS + 1)
    assert world.of("USDT", "USD", at_ns=MAX_AGE_NS + 1)


def test_the_older_of_two_steps_says_how_old_a_rate_is() -> None:
    world = World()
    world.tell("a", "USDT/USD", 1.0, 1.0001, NS_PER_S)
    world.tell("b", "USDC/USD", 1.0, 1.0001)
    assert world.of("USDT", "USDC", at_ns=MAX_AGE_NS)
    assert world.refused("USDT", "USDC", MAX_AGE_NS + 1) is Reason.NO_RATE


def test_a_peg_that_breaks_refuses_also_where_one_market_has_not_seen_it() -> None:
    world = World()
    world.tell("a", "USDC/USDT", 0.88, 0.89)
    world.tell("b", "USDC/USDT", 0.9999, 1.0001)
    assert world.refused("USDC", "USDT") is Reason.RATE_BAND


def test_markets_that_tell_another_rate_each_are_believed_none() -> None:
    world = World()
    world.tell("a", "USDC/USDT", 0.9950, 0.9951)
    world.tell("b", "USDC/USDT", 0.9999, 1.0001)
    assert world.refused("USDC", "USDT") is Reason.RATE_DISPUTED


def test_prices_that_stand_still_move_no_rate() -> None:
    world = World()
    assert world.tell("a", "USDC/USDT", 0.9999, 1.0001)
    assert not world.tell("a", "USDC/USDT", 0.9999, 1.0001, NS_PER_S)
    assert world.tell("a", "USDC/USDT", 0.9998, 1.0001, NS_PER_S)


def test_families_can_be_others_or_none() -> None:
    euros = QuoteSettings(families={"EUR": ("EUR", "EURC")})
    assert (euros.family("EURC"), euros.family("USDT")) == ("EUR", "USDT")
    assert euros.converts("EURC", "EUR")
    assert not euros.converts("USDC", "USDT")
    alone = QuoteSettings(comparable=False)
    assert (alone.family("USDC"), alone.members("USDC")) == ("USDC", ())
