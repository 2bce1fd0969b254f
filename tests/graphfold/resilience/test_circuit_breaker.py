"""A backend that is ill is left alone: its callers hear so at once, and one call a while finds out when it is back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from graphfold.credentials import PassThrough
from graphfold.graph.graph import Graph
from graphfold.resilience import Breaker, Resilience
from tests.graphfold.resilience.shop import ADD, READ, Troubled, codes, shop

pytestmark = pytest.mark.anyio

Clock = Callable[[], float]
Answer = Callable[[httpx.Request], Any]

ONCE = Resilience(retries=0)
DOWN = httpx.Response(500)
ILL: dict[str, Any] = {
    "500": DOWN,
    "504": httpx.Response(504),
    "503, and when to come back": httpx.Response(503, headers={"retry-after": "0"}),
    "503, and nonsense": httpx.Response(503, headers={"retry-after": "soon"}),
    "refused": httpx.ConnectError("refused"),
    "html": httpx.Response(200, html="<h1>Maintenance</h1>"),
    "half": httpx.Response(200, content=b"[", headers={"content-type": "application/json"}),
    "too late": httpx.ReadTimeout("late"),
}
WELL: dict[str, Any] = {
    "400": httpx.Response(400),
    "401": httpx.Response(401),
    "403": httpx.Response(403),
    "404": httpx.Response(404),
    "429": httpx.Response(429),
    "wrong shape": httpx.Response(200, json={"count": "many"}),
}


async def ask(graph: Graph, times: int, query: str = READ) -> list[str]:
    """The codes of so many answers, one after another."""
    answers = [await graph.execute(query) for _ in range(times)]
    return [code for answer in answers for code in codes(answer)]


@pytest.mark.parametrize("trouble", ILL.values(), ids=ILL)
async def test_it_opens_when_half_of_twenty_calls_failed(trouble: Any) -> None:
    backend = Troubled(*[1, trouble] * 10, *[trouble] * 5)
    async with shop(backend, ONCE) as graph:
        await ask(graph, 25)
        assert len(backend.calls) == 20
        answer = await graph.execute(READ)
    assert len(backend.calls) == 20
    told = answer.errors[0]["extensions"]
    assert (told["code"], told["retryable"], told["retryAfter"]) == ("BACKEND_UNAVAILABLE", True, pytest.approx(5))


@pytest.mark.parametrize("trouble", ILL.values(), ids=ILL)
async def test_so_does_what_an_adapter_cannot_make_out_of_raw_replies(trouble: Any) -> None:
    backend = Troubled(*[trouble] * 30)
    async with shop(backend, ONCE) as graph:
        assert len(await ask(graph, 30, "{ judged }")) == 30
    assert len(backend.calls) == 20


async def test_a_backend_that_says_for_how_long_it_is_down_is_down() -> None:
    backend = Troubled(*[httpx.Response(503, headers={"retry-after": "5"})] * 60)
    async with shop(backend, ONCE, "viewer", PassThrough()) as graph:
        answers = [await graph.execute(READ, headers={"authorization": "Bearer ann"}) for _ in range(60)]
    told = [(error["extensions"]["code"], error["extensions"]["retryAfter"]) for error in answers[0].errors]
    assert (told, len(backend.calls)) == ([("BACKEND_UNAVAILABLE", 5)], 20)


@pytest.mark.parametrize("answer", WELL.values(), ids=WELL)
async def test_refusals_are_no_illness(answer: Any) -> None:
    backend = Troubled(*[answer] * 40)
    async with shop(backend, ONCE) as graph:
        await ask(graph, 40)
    assert len(backend.calls) == 40


async def test_an_operation_whose_replies_have_changed_takes_down_no_other() -> None:
    wrong = httpx.Response(200, json={"count": "many"})
    async with shop(Troubled(*[wrong] * 40)) as graph:
        assert set(await ask(graph, 40)) == {"BACKEND_CONTRACT"}
        assert (await graph.execute('{ price(sku: "a") }')).data == {"price": 1}


async def test_fewer_failures_than_half_are_put_up_with() -> None:
    backend = Troubled(*[1, 1, DOWN] * 20)
    async with shop(backend, ONCE) as graph:
        await ask(graph, 60)
    assert len(backend.calls) == 60


async def test_calls_that_are_given_up_tell_nothing() -> None:
    async def hang(_: httpx.Request) -> Any:
        await asyncio.sleep(60)

    backend = Troubled(*[hang] * 40)
    async with shop(backend, ONCE) as graph:
        calls = [asyncio.create_task(graph.execute(READ)) for _ in range(30)]
        await asyncio.sleep(0.1)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        backend.troubles.clear()
        assert await ask(graph, 1) == []


async def test_a_client_in_a_hurry_opens_it_for_nobody() -> None:
    async def slow(_: httpx.Request) -> Any:
        await asyncio.sleep(0.5)
        return 1

    backend = Troubled(*[slow] * 31)
    async with shop(backend, ONCE) as graph:
        answers = [await graph.execute(READ, seconds=0.1) for _ in range(30)]
        assert {code for answer in answers for code in codes(answer)} == {"DEADLINE_EXCEEDED"}
        assert await ask(graph, 1) == []


async def test_a_backend_that_hangs_is_found_out_by_clients_with_little_time() -> None:
    async def hang(_: httpx.Request) -> Any:
        await asyncio.sleep(60)

    backend = Troubled(*[hang] * 99)
    async with shop(backend, Resilience(breaker=Breaker(slow_after=1.0, calls=5, window=60))) as graph:
        answers = [await graph.execute(READ, seconds=1.5) for _ in range(7)]
    assert [codes(answer) for answer in answers] == [["DEADLINE_EXCEEDED"]] * 5 + [["BACKEND_UNAVAILABLE"]] * 2
    assert len(backend.calls) == 5


async def in_a_hurry(graph: Graph, times: int, seconds: float) -> set[str]:
    """The codes of so many rounds of ten calls at once, none of which has longer than that."""
    rounds = [await asyncio.gather(*(graph.execute(READ, seconds=seconds) for _ in range(10))) for _ in range(times)]
    return {code for answers in rounds for answer in answers for code in codes(answer)}


async def takes(seconds: float, answer: Any = 1) -> Any:
    await asyncio.sleep(seconds)
    return answer


async def test_a_backend_that_hangs_from_the_start_is_found_out_by_short_deadlines() -> None:
    backend = Troubled(*[lambda _: takes(60)] * 400)
    async with shop(backend) as graph:
        assert await in_a_hurry(graph, 40, 2.5) == {"DEADLINE_EXCEEDED", "BACKEND_UNAVAILABLE"}
    assert len(backend.calls) < 100


async def test_a_backend_that_begins_to_hang_is_found_out_by_short_deadlines() -> None:
    backend = Troubled(*[lambda _: takes(0.05)] * 48, *[lambda _: takes(60)] * 800)
    async with shop(backend) as graph:
        assert await ask(graph, 48) == []
        assert await in_a_hurry(graph, 10, 1.5) == {"DEADLINE_EXCEEDED", "BACKEND_UNAVAILABLE"}
    assert len(backend.calls) < 48 + 100


async def test_a_backend_that_always_took_its_time_is_not_blamed_for_short_deadlines() -> None:
    backend = Troubled(*[lambda _: takes(0.5)] * 48, *[lambda _: takes(2)] * 400)
    async with shop(backend) as graph:
        assert await ask(graph, 48) == []
        assert await in_a_hurry(graph, 40, 1.5) == {"DEADLINE_EXCEEDED"}
        assert graph.state()["shop"]["breakers"]["default"]["slow"] == 0


async def test_a_quota_that_is_refused_slowly_is_no_hang() -> None:
    backend = Troubled(*[lambda _: takes(1.5, httpx.Response(429))] * 40)
    async with shop(backend, ONCE) as graph:
        assert await in_a_hurry(graph, 4, 2.5) == {"BACKEND_BUSY"}
    assert len(backend.calls) == 40


async def test_slow_calls_open_it_too() -> None:
    async def slow(_: httpx.Request) -> Any:
        await asyncio.sleep(1.0)
        return 1

    backend = Troubled(*[slow] * 99)
    async with shop(backend, Resilience(breaker=Breaker(slow_after=1.0, calls=5, window=60))) as graph:
        assert await ask(graph, 7) == ["BACKEND_UNAVAILABLE"] * 2
    assert len(backend.calls) == 5


async def opened(graph: Graph, backend: Troubled) -> None:
    backend.troubles = [DOWN] * 20
    await ask(graph, 20)
    backend.calls.clear()


async def test_one_call_finds_out_whether_it_is_back(clock: Clock) -> None:
    backend = Troubled()

    async def late(_: httpx.Request) -> Any:
        await asyncio.sleep(0.5)
        return 1

    async with shop(backend, ONCE) as graph:
        await opened(graph, backend)
        await asyncio.sleep(4.9)
        assert await ask(graph, 3) == ["BACKEND_UNAVAILABLE"] * 3
        await asyncio.sleep(0.2)
        backend.troubles = [late]
        answers = await asyncio.gather(*(graph.execute(READ) for _ in range(10)))
        assert len(backend.calls) == 1
        assert sorted(codes(answer) for answer in answers) == [[], *[["BACKEND_UNAVAILABLE"]] * 9]
        assert await ask(graph, 5) == []


async def test_a_probe_that_fails_is_not_repeated_and_leaves_it_open() -> None:
    backend = Troubled()
    async with shop(backend, Resilience(retries=2)) as graph:
        await opened(graph, backend)
        await asyncio.sleep(5.1)
        backend.troubles = [DOWN]
        assert await ask(graph, 4) == ["BACKEND_UNAVAILABLE"] * 4
        assert len(backend.calls) == 1
        await asyncio.sleep(5.1)
        assert await ask(graph, 1) == []


@pytest.mark.parametrize("status", [401, 403])
async def test_a_probe_whose_caller_is_refused_finds_it_back(status: int) -> None:
    backend, ann = Troubled(), {"authorization": "Bearer ann"}
    async with shop(backend, ONCE, "viewer", PassThrough()) as graph:
        backend.troubles = [DOWN] * 20
        for _ in range(20):
            await graph.execute(READ, headers=ann)
        await asyncio.sleep(5.1)
        backend.troubles = [httpx.Response(status)]
        await graph.execute(READ, headers=ann)
        assert graph.state()["shop"]["breakers"]["default"]["state"] == "closed"


async def test_a_probe_that_is_not_sent_finds_out_nothing() -> None:
    backend, ann = Troubled(), {"authorization": "Bearer ann"}
    async with shop(backend, ONCE, "viewer", PassThrough()) as graph:
        backend.troubles = [DOWN] * 20
        for _ in range(20):
            await graph.execute(READ, headers=ann)
        await asyncio.sleep(5.1)
        assert codes(await graph.execute(READ)) == ["UNAUTHENTICATED"]
        assert graph.state()["shop"]["breakers"]["default"]["state"] == "half-open"
        assert codes(await graph.execute(READ, headers=ann)) == []


async def test_a_probe_that_is_given_up_makes_way_for_the_next() -> None:
    async def hang(_: httpx.Request) -> Any:
        await asyncio.sleep(60)

    backend = Troubled()
    async with shop(backend, ONCE) as graph:
        await opened(graph, backend)
        await asyncio.sleep(5.1)
        backend.troubles = [hang]
        probe = asyncio.create_task(graph.execute(READ))
        await asyncio.sleep(0.1)
        probe.cancel()
        await asyncio.gather(probe, return_exceptions=True)
        assert await ask(graph, 1) == []


async def test_groups_have_their_own() -> None:
    backend = Troubled()
    async with shop(backend, ONCE) as graph:
        await opened(graph, backend)
        assert await ask(graph, 1, ADD) == ["BACKEND_UNAVAILABLE"]
        assert await ask(graph, 1, "{ stock }") == []


@pytest.mark.parametrize("off", ["declared", "set"])
async def test_it_can_be_switched_off(off: str) -> None:
    backend, how = Troubled(*[DOWN] * 60), Resilience(retries=0, breaker=Breaker() if off == "set" else None)
    async with shop(backend, how, GRAPHFOLD_SHOP_BREAKER="off" if off == "set" else "") as graph:
        await ask(graph, 60)
        assert graph.state()["shop"]["breakers"]["default"] == {"state": "off"}
    assert len(backend.calls) == 60


async def test_sixty_calls_while_it_is_down_and_their_recovery(clock: Clock) -> None:
    backend = Troubled(*[httpx.Response(503)] * 1000)
    async with shop(backend) as graph:
        for _ in range(60):
            await graph.execute(READ)
            await asyncio.sleep(0.1)
        assert len(backend.calls) <= 69
        backend.troubles.clear()
        start = clock()
        while await ask(graph, 1):
            await asyncio.sleep(0.1)
        assert clock() - start < 35
