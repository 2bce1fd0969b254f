"""Faults of the sandbox as a client sees them: a typed error in time, then recovery."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from graphfold.errors import BackendTimeout, BackendUnavailable
from graphfold.transport.call import Call, CallLimits
from graphfold.transport.client import Client
from graphfold.transport.network import Network
from graphfold.transport.session import Session
from sandbox import credentials
from sandbox.company import Settings
from sandbox.server import Sandbox, running

pytestmark = pytest.mark.anyio

CALL = Call("GET", "/engagement", "customerIds=10001")


class _Key(Session):
    def signed(self, call: Call) -> Call:
        return call.adding({"x-api-key": credentials.MARKETING_KEY})


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with running(Settings(customers=40, marketing_delay=0)) as started:
        yield started


@pytest.fixture
def marketing(sandbox: Sandbox, network: Network) -> Client:
    return calls_of(sandbox, network)


def calls_of(sandbox: Sandbox, network: Network, total: float = 30) -> Client:
    return Client(f"{sandbox.url}/marketing", network, CallLimits(total), lambda _: _Key())


async def inject(sandbox: Sandbox, network: Network, fault: str, **more: object) -> None:
    async with httpx.AsyncClient(transport=Network()) as http:
        response = await http.post(
            f"{sandbox.url}/_sandbox/faults", json={"backend": "marketing", "fault": fault, **more}
        )
        assert response.status_code == 201


@pytest.mark.parametrize(
    ("fault", "more", "error"),
    [
        ("reset", {}, BackendUnavailable),
        ("truncate", {}, BackendUnavailable),
        ("drip", {}, BackendTimeout),
        ("latency", {"seconds": 2}, BackendTimeout),
    ],
)
async def test_sandbox_faults_raise_typed_errors_and_recover(
    sandbox: Sandbox, network: Network, marketing: Client, fault: str, more: dict[str, object], error: type[Exception]
) -> None:
    right = await marketing.send(CALL)
    await inject(sandbox, network, fault, **more, times=1 if fault != "reset" else 2)
    with pytest.raises(error):
        await (calls_of(sandbox, network, total=0.3) if error is BackendTimeout else marketing).send(CALL)
    assert (await marketing.send(CALL)).body == right.body


async def test_reset_of_kept_connection_is_retried(sandbox: Sandbox, network: Network, marketing: Client) -> None:
    right = await marketing.send(CALL)
    await inject(sandbox, network, "reset", times=1)
    assert (await marketing.send(CALL)).body == right.body


@pytest.mark.parametrize(
    ("fault", "more", "status"), [("status", {"status": 503}, 503), ("html", {}, 200), ("garbage", {}, 200)]
)
async def test_unusual_statuses_are_returned(
    sandbox: Sandbox, network: Network, marketing: Client, fault: str, more: dict[str, object], status: int
) -> None:
    await inject(sandbox, network, fault, **more)
    assert (await marketing.send(CALL)).status == status
