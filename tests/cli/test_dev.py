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


def test_dev_shows_every_backend_ready(dev_server: Any) -> None:
    ready = re.findall(
        r"^  (\w+) +(REST|SOAP|GraphQL) +(\S+) +ready \(\d+ ms\)$", dev_server.running.output, re.MULTILINE
    )
    assert {(name, protocol) for name, protocol, _ in ready} == {
        ("crm", "REST"),
        ("shop", "REST"),
        ("catalog", "GraphQL"),
        ("inventory", "SOAP"),
        ("billing", "SOAP"),
        ("marketing", "REST"),
    }
    assert all(address.startswith(dev_server.sandbox) for _, _, address in ready)


def test_dev_serves_queries_and_graphiql(dev_server: Any) -> None:
    assert dev_server.post("{ customers(first: 1) { nodes { number } } }").json()["data"]["customers"]["nodes"]
    page = httpx.get(dev_server.url, headers={"accept": "text/html"})
    assert "<title>The reference graph" in page.text
    assert httpx.get(dev_server.url.replace("/graphql", "/readyz")).json() == {"status": "ready"}


def test_dev_logs_json_without_content(dev_server: Any) -> None:
    response = dev_server.post('query Named { customer(id: "10001") { name } }')
    line = dev_server.running.wait_for_log(request_id=response.headers["x-request-id"])
    assert (line["event"], line["operation"], line["status"]) == ("request", "Named", 200)
    assert "10001" not in dev_server.running.log


def test_query_command_works_against_dev(dev_server: Any, repository: Any) -> None:
    query = "query($n: Int!) { customers(first: $n) { nodes { number } } }"
    outcome = repository.run("query", query, "--variables", '{"n": 2}', "--url", dev_server.url)
    assert (outcome.code, len(json.loads(outcome.out)["customers"]["nodes"]), outcome.err) == (0, 2, "")


def test_sigterm_finishes_quick_requests_and_cancels_slow_ones(own_dev_server: Any) -> None:
    own_dev_server.fault(backend="marketing", fault="latency", seconds=0.5)
    own_dev_server.fault(backend="inventory", fault="latency", seconds=60)
    with ThreadPoolExecutor() as clients:
        answers: list[Future[httpx.Response]] = []
        own_dev_server.wait_for_call("inventory", lambda: answers.append(clients.submit(own_dev_server.post, HANGING)))
        own_dev_server.wait_for_call("marketing", lambda: answers.append(clients.submit(own_dev_server.post, SLOW)))
        code, seconds = own_dev_server.running.end(signal.SIGTERM)
        hanging, slow = (answer.result() for answer in answers)
    assert hanging.json()["errors"][0]["message"] == "The gateway is shutting down."
    assert slow.json()["data"]["customers"]["nodes"][0]["engagement"]["score"]
    assert (code, seconds < 30, own_dev_server.stopped()) == (0, True, True)


def test_second_ctrl_c_kills_the_process_and_its_sandbox(own_dev_server: Any) -> None:
    own_dev_server.fault(backend="inventory", fault="latency", seconds=60)
    with ThreadPoolExecutor() as clients:
        own_dev_server.wait_for_call("inventory", lambda: clients.submit(own_dev_server.post, HANGING))
        own_dev_server.running.process.send_signal(signal.SIGINT)
        while not own_dev_server.stopped():
            pass
        code, seconds = own_dev_server.running.end(signal.SIGINT)
    assert (code, seconds < 30) == (130, True)  # the fixture waits for the sandbox


def test_sandbox_settings_override_the_env_file(own_copy: Any) -> None:
    (own_copy.folder / ".env").write_text(
        "GRAPHFOLD_CRM_URL=http://127.0.0.1:1\nGRAPHFOLD_SHOP_TOKEN_FILE=/gone\nGRAPHFOLD_MAX_DEPTH=1\n"
    )
    elsewhere = {"GRAPHFOLD_BILLING_URL": "http://127.0.0.1:1"}
    with own_copy.start("dev", "--port", "0", "--sandbox-port", "0", **elsewhere) as dev:
        url = dev.read_until(r"GraphiQL: (\S+)")
        ready = set(re.findall(r"^  (\w+) .* ready \(", dev.output, re.MULTILINE))
        assert ready == {"crm", "shop", "catalog", "inventory", "marketing"}
        assert re.search(r"^  billing +SOAP +http://127.0.0.1:1 +not ready", dev.output, re.MULTILINE)
        answer = httpx.post(url, json={"query": "{ customers(first: 1) { nodes { number } } }"})
        assert "(GRAPHFOLD_MAX_DEPTH)" in answer.text


def test_backend_without_settings_fails_alone(repository: Any) -> None:
    unset = {"GRAPHFOLD_MARKETING_URL": "", "GRAPHFOLD_INVENTORY_PASSWORD": ""}
    with repository.start("dev", "--port", "0", "--sandbox-port", "0", **unset) as dev:
        url = dev.read_until(r"GraphiQL: (\S+)")
        assert re.search(r"^  marketing +REST +not set up: GRAPHFOLD_MARKETING_URL$", dev.output, re.MULTILINE)
        assert re.search(r"^  inventory .* not set up: GRAPHFOLD_INVENTORY_PASSWORD$", dev.output, re.MULTILINE)
        for query, missing in ((SLOW, "GRAPHFOLD_MARKETING_URL"), (HANGING, "GRAPHFOLD_INVENTORY_PASSWORD")):
            [error] = httpx.post(url, json={"query": query}).json()["errors"]
            assert (error["message"], error["extensions"]["code"]) == (
                "The backend is not set up.",
                "BACKEND_CREDENTIALS",
            )
            assert f'"internal":"not set: {missing}"' in dev.log
        assert "data" in httpx.post(url, json={"query": "{ customers(first: 1) { nodes { number } } }"}).json()
