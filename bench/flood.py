"""`python -m bench.flood`: an open-loop load generator, which sends at a fixed rate whether or not answers arrive.

A job is read as JSON from stdin, its outcome is written as JSON to stdout. Each request is sent at its scheduled time,
on an idle connection or a new one: so do the clients of a gateway that has become slow.
"""

from __future__ import annotations

import asyncio
import sys
from time import perf_counter

import msgspec
import uvloop

from bench.load import percentile
from bench.wire import Address, Client, Refused
from bench.workloads import NUMBER, number_at

TURN = 0.002
"""Seconds between two looks at what is due."""


class Flood(msgspec.Struct):
    """A job: `rate` requests a second for `seconds`, from the customer at `place` on, `span` further each time."""

    url: str
    body: str
    span: int
    place: int
    rate: float
    seconds: float


class Tide(msgspec.Struct):
    """The outcome: requests sent, answers and rejections per second, and latencies in milliseconds."""

    sent: int
    answered: float
    refused: float
    answer_p50: float
    refusal_p50: float


class Flooding:
    def __init__(self, job: Flood) -> None:
        self._job, self._address, self._body = job, Address(job.url), job.body.encode()
        self._idle: list[Client] = []
        self._answers, self._refusals = list[float](), list[float]()

    async def run(self) -> Tide:
        """What is under way at the end is waited for and not counted: as much was at the beginning."""
        job, sent, tasks = self._job, 0, set[asyncio.Task[None]]()
        began = perf_counter()
        while (passed := perf_counter() - began) < job.seconds:
            for number in range(sent, int(passed * job.rate)):
                task = asyncio.create_task(self._ask(number))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
                sent += 1
            await asyncio.sleep(TURN)
        tide = self._tide(sent, perf_counter() - began)
        await asyncio.gather(*tasks)
        for client in self._idle:
            client.close()
        return tide

    async def _ask(self, number: int) -> None:
        due = perf_counter()
        client = self._idle.pop() if self._idle else await self._address.connect()
        about = number_at(self._job.place + number * self._job.span)
        try:
            answer = await client.send(self._address.post(self._body.replace(NUMBER, about)))
        except Refused:
            self._refusals.append((perf_counter() - due) * 1000)
        else:
            if b'"errors"' not in answer:
                self._answers.append((perf_counter() - due) * 1000)
        self._idle.append(client)

    def _tide(self, sent: int, seconds: float) -> Tide:
        answers, refusals = sorted(self._answers), sorted(self._refusals)
        medians = [percentile(times, 0.5) if times else float("nan") for times in (answers, refusals)]
        return Tide(sent, len(answers) / seconds, len(refusals) / seconds, *medians)


def main() -> None:
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Flood)
    sys.stdout.buffer.write(msgspec.json.encode(uvloop.run(Flooding(job).run())))


if __name__ == "__main__":
    main()
