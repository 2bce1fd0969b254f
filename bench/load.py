"""`python -m bench.load`: a closed-loop load generator in a process of its own.

A job is read as a line of JSON from stdin, its outcome is written as one to stdout. Each connection sends its next
request when it has its last answer. Time is up after `seconds`, but every request sent is awaited and counted.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from itertools import count, cycle
from time import perf_counter

import msgspec
import uvloop

from bench.wire import Address, Client
from bench.workloads import NUMBER, number_at


class Job(msgspec.Struct):
    """A job: the first request is about the customer at `place`, each further one `span` customers on.

    With `again` they repeat after that many requests, and each has been sent once before timing starts.
    """

    url: str
    body: str
    span: int
    place: int
    connections: int
    seconds: float
    again: int = 0

    def places(self) -> Iterator[int]:
        return count(self.place, self.span) if not self.again else cycle(self.known())

    def known(self) -> range:
        return range(self.place, self.place + self.again * self.span, self.span)


class Outcome(msgspec.Struct):
    """The measured figures: `rate` in requests a second, `p50` and `p99` in milliseconds."""

    requests: int
    rate: float
    p50: float
    p99: float


class WrongAnswer(Exception):
    """An answer with errors, which makes the measurement invalid."""


async def run(job: Job) -> Outcome:
    address, places, taken = Address(job.url), job.places(), list[float]()
    body = job.body.encode()
    clients = [await address.connect() for _ in range(job.connections)]

    async def ask(client: Client, place: int) -> None:
        about = body.replace(NUMBER, number_at(place))
        sent = perf_counter()
        answer = await client.send(address.post(about))
        taken.append((perf_counter() - sent) * 1000)
        if b'"errors"' in answer:
            raise WrongAnswer(answer[:500])

    async def keep_asking(client: Client) -> None:
        await ask(client, next(places))  # once at least, however long the machine stalls
        while perf_counter() - began < job.seconds:
            await ask(client, next(places))

    try:
        for place in job.known():
            await ask(clients[0], place)
        taken.clear()
        began = perf_counter()
        await asyncio.gather(*map(keep_asking, clients))
    finally:
        for client in clients:
            client.close()
    return outcome(taken, perf_counter() - began)


def outcome(taken: list[float], seconds: float) -> Outcome:
    """Compute the figures from each request's milliseconds and the total `seconds`."""
    ordered = sorted(taken)
    return Outcome(len(ordered), len(ordered) / seconds, percentile(ordered, 0.5), percentile(ordered, 0.99))


def percentile(ordered: list[float], share: float) -> float:
    """Return the smallest value that at least this share of all values does not exceed."""
    return ordered[min(len(ordered) - 1, max(0, -int(-len(ordered) * share // 1) - 1))]


def main() -> None:
    for line in sys.stdin.buffer:
        done = uvloop.run(run(msgspec.json.decode(line, type=Job)))
        sys.stdout.buffer.write(msgspec.json.encode(done) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
