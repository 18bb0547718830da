"""Nonsense on real connections: it is never a failure of the server."""

from urllib.parse import urlsplit

import pytest
import trio
from trio.testing import MockClock

from exchanges import VENUES
from tests.actors.sandbox.sandboxes import sandboxes
from tests.actors.sandbox.strangers import Stranger
from tests.exchanges.transcripts import PRESENT

FRAMES = ("not json", "", "[]", "{}", "null", '{"op":"nonsense","args":[]}', '"\\ud800"', b"\0\xff")
BODIES = (b"", b"{", b"\xff", b'{"symbol":null}')
TARGETS = ("", "/", "/nope", "/%00?%00=%ff&a", "/api/v3/depth?symbol=&limit=-1")


async def talk_nonsense(stranger: Stranger, path: str) -> None:
    """Frame after frame, until the venue has had enough or a second has passed."""
    assert await stranger.open_socket(path) == 101
    with trio.move_on_after(1):
        for frame in FRAMES:
            await stranger.send(frame)
        while await stranger.receive() is not None:
            pass


async def ask_nonsense(stranger: Stranger, path: str) -> None:
    for target in TARGETS:
        for method in ("GET", "POST", "DELETE"):
            for body in BODIES:
                status, _ = await stranger.ask(f"{path}{target}", method, body=body)
                assert 200 <= status < 600


@pytest.mark.parametrize("name", PRESENT)
async def test_nonsense_is_no_failure_of_the_server(name: str, autojump_clock: MockClock) -> None:
    async with sandboxes(name) as (network, servers, endpoints):
        streams = {stream.name: stream for stream in VENUES[name].streams}
        for endpoint, url in endpoints[name].items():
            stream = streams.get(endpoint)
            parts = urlsplit(stream.urls(url)[0] if stream else url)
            stranger = Stranger(await network.connect(parts.netloc, 80))
            with trio.fail_after(60):
                if parts.scheme == "ws":
                    await talk_nonsense(stranger, f"{parts.path}?{parts.query}".rstrip("?"))
                else:
                    await ask_nonsense(stranger, parts.path)
        assert servers[name].failures == 0
