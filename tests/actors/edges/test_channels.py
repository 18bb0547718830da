"""Tests of `actors.channels`: nobody waits, and what is lost is counted."""

import trio
from trio.testing import wait_all_tasks_blocked

from actors.edges.channels import MAX_DRAIN, Inbox, Latest


async def test_items_come_out_in_order_and_together() -> None:
    inbox: Inbox[int] = Inbox(10)
    for item in range(3):
        assert inbox.offer(item)
    assert await inbox.take() == [0, 1, 2]
    assert inbox.inspect() == {"sent": 3, "waiting": 0, "peak": 3, "dropped": 0}


async def test_a_full_inbox_drops_its_whole_backlog() -> None:
    inbox: Inbox[int] = Inbox(2)
    assert inbox.offer(1)
    assert inbox.offer(2)
    assert not inbox.offer(3)
    assert inbox.take_nowait() == []
    assert inbox.offer(4)
    assert await inbox.take() == [4]
    assert inbox.inspect()["dropped"] == 3


async def test_a_long_backlog_is_taken_in_parts_so_that_others_run() -> None:
    inbox: Inbox[int] = Inbox(1_000)
    for item in range(500):
        inbox.offer(item)
    assert len(await inbox.take()) == MAX_DRAIN + 1


async def test_only_the_newest_value_of_a_key_is_read(nursery: trio.Nursery) -> None:
    cell: Latest[str, int] = Latest()
    taken: list[dict[str, int]] = []

    async def read() -> None:
        while True:
            taken.append(await cell.take())

    nursery.start_soon(read)
    await wait_all_tasks_blocked()
    for value in range(5):
        cell.put("a", value)
    cell.put("b", 7)
    await wait_all_tasks_blocked()
    assert taken == [{"a": 4, "b": 7}]
    cell.put("a", 9)
    await wait_all_tasks_blocked()
    assert taken[1:] == [{"a": 9}]
    assert cell.inspect() == {"sent": 7, "waiting": 0, "conflated": 4}
    nursery.cancel_scope.cancel()
