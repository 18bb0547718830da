"""Where production has one URL the sandbox has one, and serves there what all of it serves."""

import pytest
import trio
from trio.testing import MockClock

from actors.sandbox.server import sandbox_endpoints
from exchanges import VENUES, Venue
from exchanges.stream.facts import Stream
from exchanges.venue import PRODUCTION
from supervisor.verify.lab import Lab
from tests.actors.sandbox.sandboxes import sandboxes
from tests.actors.sandbox.strangers import Stranger
from tests.exchanges.transcripts import PRESENT


def neighbours(venue: Venue) -> list[tuple[Stream, Stream]]:
    """Streams of one URL: one that names it, and one that is served there too."""
    urls = venue.endpoints[PRODUCTION]
    firsts = {url: name for name, url in reversed(list(urls.items()))}
    streams = {stream.name: stream for stream in venue.streams}
    return [
        (streams[firsts[urls[name]]], stream)
        for name, stream in streams.items()
        if firsts[urls[name]] != name
    ]


SHARED = [(name, *pair) for name in PRESENT for pair in neighbours(VENUES[name])]


@pytest.mark.parametrize("name", PRESENT)
def test_urls_are_equal_where_those_of_production_are(name: str) -> None:
    production = VENUES[name].endpoints[PRODUCTION]
    served = sandbox_endpoints(VENUES[name], "sandbox")
    for one in production:
        for other in production:
            assert (production[one] == production[other]) == (served[one] == served[other])


def test_some_venues_have_one_url_for_two_streams() -> None:
    assert len(SHARED) >= 5


@pytest.mark.parametrize(("name", "first", "other"), SHARED, ids=[one[0] for one in SHARED])
def test_a_session_serves_what_all_streams_of_its_url_serve(
    name: str, first: Stream, other: Stream
) -> None:
    """The same frames are granted the same streams, whichever stream the socket was opened for."""
    for asked, opened in ((first, other), (other, first)):
        lab = Lab.open(VENUES[name], asked)
        lab.run(1)
        session = lab.sandbox.open_session(opened.name)
        session.greet(lab.now_ns)
        for _, frame in lab.sent:
            session.receive(frame, lab.now_ns)
        assert session.streams
        assert session.streams.keys() == lab.session.streams.keys()


async def test_one_base_url_is_enough_for_a_stranger(autojump_clock: MockClock) -> None:
    async with sandboxes("okx") as (network, servers, _):
        stranger = Stranger(await network.connect("okx.sandbox", 80))
        assert await stranger.open_socket("/public/ws/v5/public") == 101
        with trio.fail_after(60):
            for channel in ("books", "funding-rate"):
                instrument = f'{{"channel":"{channel}","instId":"BTC-USDT-SWAP"}}'
                await stranger.send(f'{{"op":"subscribe","args":[{instrument}]}}')
            seen: set[str] = set()
            while not {"snapshot", "fundingRate"} <= seen:
                frame = str(await stranger.receive())
                assert '"error"' not in frame
                seen |= {word for word in ("snapshot", "fundingRate") if f'"{word}"' in frame}
        assert servers["okx"].failures == 0
