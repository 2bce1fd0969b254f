"""The load generators: requests, counts and invalid answers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
import pytest
from msgspec.structs import replace

from bench.flood import Flood, Flooding
from bench.load import Job, WrongAnswer, percentile, run
from bench.wire import Refused, Served
from bench.workloads import PAGE

pytestmark = pytest.mark.anyio


class FixedAnswerServer(Served):
    """A server that answers every request alike and records it."""

    def __init__(self, answer: bytes, requests: list[str], status: bytes) -> None:
        super().__init__()
        self._answer, self._requests, self._status = answer, requests, status

    def requested(self, method: bytes, target: bytes, body: bytes) -> None:
        self._requests.append(orjson.loads(body)["variables"]["from"])
        self.reply(self._answer, status=self._status)


@asynccontextmanager
async def answering(answer: bytes, requests: list[str], status: bytes = b"200 OK") -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: FixedAnswerServer(answer, requests, status), "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/graphql"
    await asyncio.sleep(0)


def job(url: str, connections: int = 1, seconds: float = 0) -> Job:
    return Job(url, PAGE.body.decode(), PAGE.span, 200, connections, seconds)


async def test_load_generator_queries_different_customers_in_every_request() -> None:
    requests: list[str] = []
    async with answering(b'{"data":{}}', requests) as url:
        outcome = await run(job(url, connections=4))
    assert outcome.requests == len(requests) == len(set(requests)) >= 4
    assert sorted(requests)[:2] == ["10000200", "10000220"]
    assert outcome.p50 <= outcome.p99
    assert outcome.rate > 0


async def test_repeating_load_warms_up_every_request_first() -> None:
    requests: list[str] = []
    async with answering(b'{"data":{}}', requests) as url:
        outcome = await run(replace(job(url, connections=2), again=3))
    assert requests[:3] == ["10000200", "10000220", "10000240"]
    assert set(requests) == set(requests[:3])
    assert outcome.requests == len(requests) - 3 >= 2


async def test_load_generator_fails_on_an_answer_with_errors() -> None:
    async with answering(b'{"data":null,"errors":[{"message":"no"}]}', []) as url:
        with pytest.raises(WrongAnswer):
            await run(job(url))


async def test_load_generator_fails_on_a_status_other_than_200() -> None:
    async with answering(b"down", [], b"503 Service Unavailable") as url:
        with pytest.raises(Refused, match="503: down"):
            await run(job(url))


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([7.0], 0.99, 7.0), ([1.0, 2.0, 3.0, 4.0], 0.5, 2.0), ([float(n) for n in range(1, 101)], 0.99, 99.0)],
)
async def test_percentile_is_one_of_the_measured_values(values: list[float], share: float, expected: float) -> None:
    assert percentile(values, share) == expected


@pytest.mark.parametrize(
    ("body", "status", "counted"),
    [
        (b'{"data":{}}', b"200 OK", (True, False)),
        (b'{"errors":[]}', b"200 OK", (False, False)),
        (b"no room", b"503 Service Unavailable", (False, True)),
    ],
    ids=["answered", "failed", "refused"],
)
async def test_flood_counts_answers_and_rejections(body: bytes, status: bytes, counted: tuple[bool, bool]) -> None:
    requests: list[str] = []
    async with answering(body, requests, status) as url:
        tide = await Flooding(Flood(url, PAGE.body.decode(), PAGE.span, 200, 1_000, 0.05)).run()
    assert tide.sent == len(requests) == len(set(requests)) > 0
    assert (tide.answered > 0, tide.refused > 0) == counted
