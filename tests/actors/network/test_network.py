"""Tests of `actors.network.network`: hosts that are none, and what it costs the loop."""

import ssl
import threading
import time
from functools import cache

import pytest
import trio
from trio.testing import memory_stream_pair

from actors.network import network
from actors.network.network import SocketNetwork

LONG = f"{64 * 'a'}.example"


@pytest.mark.parametrize("proxy", ["", "http://me:secret@127.0.0.1"])
async def test_fault_11_a_host_or_proxy_that_is_none_is_an_error_of_the_network(proxy: str) -> None:
    with pytest.raises(OSError, match=LONG) as caught, trio.fail_after(30):
        await SocketNetwork(proxy).connect(LONG, 80)
    assert "secret" not in str(caught.value)


async def test_fault_11_tls_with_a_host_that_is_none_is_an_error_of_the_network() -> None:
    ours, _ = memory_stream_pair()
    tls = ssl.create_default_context()
    with pytest.raises(OSError, match=r"TLS with '\.a' failed"), trio.fail_after(5):
        await SocketNetwork(tls=tls).secure(ours, ".a")


async def test_certificates_are_read_once_for_all_and_beside_the_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    threads: list[threading.Thread] = []

    @cache
    def read() -> ssl.SSLContext:
        threads.append(threading.current_thread())
        time.sleep(0.1)  # others ask meanwhile
        return ssl.create_default_context()

    async def secure() -> None:
        ours, theirs = memory_stream_pair()
        await theirs.aclose()
        with pytest.raises(OSError, match="TLS with venue failed"):
            await SocketNetwork().secure(ours, "venue")

    monkeypatch.setattr(network, "_read_certificates", read)
    for _ in range(3):
        SocketNetwork("http://proxy")
    assert not threads, "not before it is needed"
    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(secure)
    assert len(threads) == 1
    assert threads[0] is not threading.main_thread()
