"""`graphfold dev`: its output, what it serves, and how it and its sandbox end."""

from __future__ import annotations

import json
import re
import signal
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import httpx

SLOW = "{ customers(first: 1) { nodes { engagement { score } } } }"
HANGING = "{ products(first: 1) { nodes { stock { onHand } } } }"


def test_dev_shows_every_backend_ready(demo: Any) -> None:
    ready = re.findall(r"^  (\w+) +(REST|SOAP|GraphQL) +(\S+) +ready \(\d+ ms\)$", demo.running.said, re.MULTILINE)
    assert {(name, protocol) for name, protocol, _ in ready} == {
        ("crm", "REST"),
        ("shop", "REST"),
        ("catalog", "GraphQL"),
        ("inventory", "SOAP"),
        ("billing", "SOAP"),
        ("marketing", "REST"),
    }
    assert all(address.startswith(demo.sandbox) for _, _, address in ready)


def test_dev_serves_queries_and_graphiql(demo: Any) -> None:
    assert demo.ask("{ customers(first: 1) { nodes { number } } }").json()["data"]["customers"]["nodes"]
    page = httpx.get(demo.url, headers={"accept": "text/html"})
    assert "<title>The reference graph" in page.text
    assert httpx.get(demo.url.replace("/graphql", "/readyz")).json() == {"status": "ready"}


def test_dev_logs_json_without_content(demo: Any) -> None:
    response = demo.ask('query Named { customer(id: "10001") { name } }')
    line = demo.running.logged(request_id=response.headers["x-request-id"])
    assert (line["event"], line["operation"], line["status"]) == ("request", "Named", 200)
    assert "10001" not in demo.running.log


def test_query_command_works_against_dev(demo: Any, repository: Any) -> None:
    query = "query($n: Int!) { customers(first: $n) { nodes { number } } }"
    outcome = repository.run("query", query, "--variables", '{"n": 2}', "--url", demo.url)
    assert (outcome.code, len(json.loads(outcome.out)["customers"]["nodes"]), outcome.err) == (0, 2, "")


def test_sigterm_finishes_quick_requests_and_cancels_slow_ones(own_demo: Any) -> None:
    own_demo.fault(backend="marketing", fault="latency", seconds=0.5)
    own_demo.fault(backend="inventory", fault="latency", seconds=60)
    with ThreadPoolExecutor() as clients:
        answers: list[Future[httpx.Response]] = []
        own_demo.wait_for_call("inventory", lambda: answers.append(clients.submit(own_demo.ask, HANGING)))
        own_demo.wait_for_call("marketing", lambda: answers.append(clients.submit(own_demo.ask, SLOW)))
        code, seconds = own_demo.running.end(signal.SIGTERM)
        hanging, slow = (answer.result() for answer in answers)
    assert hanging.json()["errors"][0]["message"] == "The gateway is shutting down."
    assert slow.json()["data"]["customers"]["nodes"][0]["engagement"]["score"]
    assert (code, seconds < 30, own_demo.gone()) == (0, True, True)


def test_second_ctrl_c_kills_the_process(own_demo: Any) -> None:
    own_demo.fault(backend="inventory", fault="latency", seconds=60)
    with ThreadPoolExecutor() as clients:
        own_demo.wait_for_call("inventory", lambda: clients.submit(own_demo.ask, HANGING))
        own_demo.running.process.send_signal(signal.SIGINT)
        while not own_demo.gone():
            pass
        code, seconds = own_demo.running.end(signal.SIGINT)
    assert (code, seconds < 30) == (130, True)


def test_sandbox_ends_with_a_killed_gateway(own_demo: Any) -> None:
    own_demo.running.end(signal.SIGKILL)  # the fixture waits for the sandbox


def test_sandbox_settings_override_the_env_file(own_copy: Any) -> None:
    (own_copy.folder / ".env").write_text(
        "GRAPHFOLD_CRM_URL=http://127.0.0.1:1\nGRAPHFOLD_SHOP_TOKEN_FILE=/gone\nGRAPHFOLD_MAX_DEPTH=1\n"
    )
    elsewhere = {"GRAPHFOLD_BILLING_URL": "http://127.0.0.1:1"}
    with own_copy.start("dev", "--port", "0", "--sandbox-port", "0", **elsewhere) as dev:
        url = dev.until(r"GraphiQL: (\S+)")
        ready = set(re.findall(r"^  (\w+) .* ready \(", dev.said, re.MULTILINE))
        assert ready == {"crm", "shop", "catalog", "inventory", "marketing"}
        assert re.search(r"^  billing +SOAP +http://127.0.0.1:1 +not ready", dev.said, re.MULTILINE)
        answer = httpx.post(url, json={"query": "{ customers(first: 1) { nodes { number } } }"})
        assert "(GRAPHFOLD_MAX_DEPTH)" in answer.text


def test_backend_without_settings_fails_alone(repository: Any) -> None:
    unset = {"GRAPHFOLD_MARKETING_URL": "", "GRAPHFOLD_INVENTORY_PASSWORD": ""}
    with repository.start("dev", "--port", "0", "--sandbox-port", "0", **unset) as dev:
        url = dev.until(r"GraphiQL: (\S+)")
        assert re.search(r"^  marketing +REST +not set up: GRAPHFOLD_MARKETING_URL$", dev.said, re.MULTILINE)
        assert re.search(r"^  inventory .* not set up: GRAPHFOLD_INVENTORY_PASSWORD$", dev.said, re.MULTILINE)
        for query, missing in ((SLOW, "GRAPHFOLD_MARKETING_URL"), (HANGING, "GRAPHFOLD_INVENTORY_PASSWORD")):
            [error] = httpx.post(url, json={"query": query}).json()["errors"]
            assert (error["message"], error["extensions"]["code"]) == (
                "The backend is not set up.",
                "BACKEND_CREDENTIALS",
            )
            assert f'"internal":"not set: {missing}"' in dev.log
        assert "data" in httpx.post(url, json={"query": "{ customers(first: 1) { nodes { number } } }"}).json()
