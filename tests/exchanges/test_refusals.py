"""A market that the venue does not know ends as the same error in a stream as in a request."""

from random import Random
from typing import Final

import pytest
from msgspec.structs import replace

from exchanges import VENUES
from exchanges.dialogue import Dialogue, answer
from exchanges.errors import ExchangeError, InvalidSymbol
from exchanges.market.events import Subscription, SubscriptionState
from exchanges.market.numbers import NS_PER_S
from exchanges.market.topics import Channel, KlineInterval, Topic
from exchanges.sandbox.world import World
from tests.exchanges.transcripts import RECEIVED_NS

SILENT: Final = {"aster", "backpack", "binance", "kucoin"}
"""They grant what there is not, or say nothing at all."""
STREAMS = [(name, stream.name) for name in VENUES for stream in VENUES[name].streams]


@pytest.mark.parametrize(("name", "stream_name"), STREAMS)
def test_a_stream_and_a_request_call_an_unknown_market_the_same(
    name: str, stream_name: str
) -> None:
    venue = VENUES[name]
    stream = next(one for one in venue.streams if one.name == stream_name)
    world = World(RECEIVED_NS, lambda asset: Random(asset))
    sandbox = venue.sandbox()(("BTC/USDT", "BTC/USDT:USDT"), world, Random(1), RECEIVED_NS)
    dialogue = Dialogue(venue, sandbox, stream, RECEIVED_NS)
    instruments = dialogue.codec.wire.instruments
    known = next(one for one in instruments if one.kind in stream.kinds)
    stranger = replace(known, symbol=f"NO{known.symbol}", native="NOSUCHTHING")
    instruments.add(stranger)

    request = venue.rest.book(stranger)
    with pytest.raises(ExchangeError) as asked:
        request.read(answer(sandbox, request, RECEIVED_NS))
    assert type(asked.value) is InvalidSymbol

    # Where a book starts by request, that alone would be refused.
    channel = sorted(stream.channels - {Channel.BOOK} or stream.channels)[0]
    interval = (stream.klines or (KlineInterval.M1,))[0] if channel is Channel.KLINES else None
    events = dialogue.subscribe([Topic(channel, stranger.symbol, interval)])
    for _ in range(9):  # refused topics are asked for again after ten
        events += dialogue.pass_time(NS_PER_S)
    errors = [
        type(event.error)
        for event in events
        if isinstance(event, Subscription) and event.state is SubscriptionState.REFUSED
    ]
    assert errors == ([] if name in SILENT else [InvalidSymbol])
