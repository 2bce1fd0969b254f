"""The commands `query`, `schema`, `backends`, `check` and `serve`: their output and exit codes."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from graphfold.cli.main import main
from graphfold.cli.rendering.backend_text import summary_lines
from graphfold.manifest import RULES

ROOT = Path(__file__).parents[2]

BUSY = '''
from graphfold import resolves
from graphfold.errors import BackendBusy
from schema.roots import Query


@resolves(Query)
def busy() -> str | None:
    """Raise an error."""
    raise BackendBusy("Wait.", backend="crm", operation="customers")
'''


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("graphfold 0.")
    assert main(["--help"]) == 0
    assert "worker" not in capsys.readouterr().out


def test_query_runs_in_this_process(tiny: Any) -> None:
    outcome = tiny.run("query", "query($n: String!) { hello(name: $n) }", "--variables", '{"n": "Ada"}')
    assert (outcome.code, outcome.out, outcome.err) == (0, '{\n  "hello": "hello Ada"\n}\n', "")


def test_query_and_variables_from_files(tiny: Any) -> None:
    (tiny.folder / "hello.graphql").write_text("query A($n: String!) { hello(name: $n) }\nquery B { hello }\n")
    (tiny.folder / "values.json").write_text('{"n": "Ada"}')
    outcome = tiny.run("query", "hello.graphql", "--variables", "@values.json", "--operation", "A", "--json")
    assert (outcome.code, outcome.out) == (0, '{"data":{"hello":"hello Ada"}}\n')


def test_query_error_has_line_and_column(tiny: Any) -> None:
    outcome = tiny.run("query", "-", stdin="{ helo }")
    assert (outcome.code, outcome.out) == (1, "")
    printed = (
        r"query:1:3: Cannot query field 'helo' on type 'Query'. Did you mean 'hello'\? \(BAD_INPUT\) \[request \w+\]"
    )
    assert re.fullmatch(f"graphfold: {printed}\n", outcome.err)


def test_query_error_names_backend_code_and_retryability(tiny: Any) -> None:
    (tiny.folder / "resolvers" / "busy.py").write_text(BUSY)
    (tiny.folder / "busy.graphql").write_text("{\n  busy\n}\n")
    outcome = tiny.run("query", "busy.graphql")
    printed = r"busy.graphql:2:3: busy: Wait. \(BACKEND_BUSY\) \[crm.customers, request \w+\]; may be tried again"
    assert re.search(f"^graphfold: {printed}$", outcome.err, re.MULTILINE)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["query"], "Missing argument 'TEXT|FILE'"),
        (["query", ""], "TEXT|FILE: there is no query in it."),
        (["query", "gone.graphql"], "cannot be read: No such file or directory.\n  Fix: write a query"),
        (["query", "{ a }", "--variables", "{"], "--variables is not JSON"),
        (["query", "{ a }", "--variables", "[1]"], "--variables has to be a JSON object."),
        (["query", "{ a }", "--variables", "@gone.json"], "No such file or directory.\n  Fix: write them like"),
        (["dev", "--port", "70000"], "65535"),
        (["serve", "--host", "256.1.1.1"], "--host 256.1.1.1"),
        (["nothing"], "No such command 'nothing'"),
    ],
)
def test_wrong_usage_exits_with_2(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert message in printed.err
    assert printed.out == ""


def test_empty_document_exits_with_2(tiny: Any) -> None:
    (tiny.folder / "empty.graphql").write_text("\n")
    for outcome in (tiny.run("query", "empty.graphql"), tiny.run("query", "-")):
        assert outcome.code == 2
        assert outcome.err == (
            "graphfold: TEXT|FILE: there is no query in it.\n"
            "  Fix: write a query, like '{ __typename }', or name a file with one in it.\n"
        )


@pytest.fixture
def closed_port() -> Iterator[str]:
    """Yield a URL with a port that nothing listens on."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}/graphql"


def test_query_url_without_a_server_stops(closed_port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["query", "{ a }", "--url", closed_port]) == 1
    assert f"--url {closed_port}: no answer" in capsys.readouterr().err
    assert main(["query", "{ a }", "--url", "nonsense"]) == 1
    assert "--url nonsense: no answer" in capsys.readouterr().err


def test_query_url_of_another_server_stops(dev_server: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["query", "{ a }", "--url", dev_server.url.replace("/graphql", "/healthz")]) == 1
    printed = capsys.readouterr().err
    assert "this is not a GraphQL endpoint (status 405, application/json)" in printed
    assert f"Fix: try --url {dev_server.url}, where" in printed


def test_query_is_sent_to_a_gateway(dev_server: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["query", "{ customers(first: 1) { nodes { number } } gone }", "--url", dev_server.url]) == 1
    printed = capsys.readouterr()
    assert (printed.out, "Cannot query field 'gone'" in printed.err) == ("", True)


def test_query_without_settings_names_them(repository: Any) -> None:
    outcome = repository.run("query", "{ __typename }")
    assert (outcome.code, outcome.out) == (1, "")
    assert "GRAPHFOLD_CRM_URL" in outcome.err
    assert "graphfold query ... --url http://127.0.0.1:8000/graphql" in outcome.err


def test_schema_prints_sdl(tiny: Any) -> None:
    printed = tiny.run("schema")
    assert (printed.code, printed.err) == (0, "")
    assert printed.out.startswith('"""All."""\ntype Query {\n  """Return a greeting."""\n  hello(\n')
    assert printed.out.endswith("): String!\n}\n")


def adapter_names() -> set[str]:
    """Return the names of the reference graph's backends: the folders of adapters/."""
    return {folder.parent.name for folder in (ROOT / "adapters").glob("*/__init__.py")}


def backends_in(settings: dict[str, str]) -> int:
    """Return how many backends these settings reach."""
    return sum(name.endswith("_URL") for name in settings)


def test_backends_lists_and_probes_each_backend(repository: Any, dev_server: Any) -> None:
    shop = {"GRAPHFOLD_SHOP_URL": f"{dev_server.sandbox}/shop", "GRAPHFOLD_SHOP_TOKEN": "shop-demo-key"}
    shop["GRAPHFOLD_BILLING_URL"] = "https://billing.test/soap"
    listed = repository.run("backends", "--json", **shop)
    assert listed.code == 1  # not all of them are ready
    backends = {backend["name"]: backend for backend in json.loads(listed.out)["backends"]}
    assert set(backends) == adapter_names()
    assert (backends["shop"]["ready"], backends["shop"]["address"]) == (True, f"{dev_server.sandbox}/shop")
    assert backends["shop"]["owner"] == "shop-team"
    assert (backends["shop"]["criticality"], backends["marketing"]["criticality"]) == ("critical", "optional")
    assert {"name", "kind", "description"} == set(backends["shop"]["operations"][0])
    assert (backends["crm"]["ready"], backends["crm"]["address"]) == (False, None)
    assert backends["crm"]["state"].startswith("not set up: GRAPHFOLD_CRM_URL, ")
    assert backends["billing"]["address"] == "https://billing.test/soap"


def test_backends_prints_the_settings_hint_once(repository: Any) -> None:
    listed = repository.run("backends")
    assert (listed.code, listed.out.count("not set up: ")) == (1, len(adapter_names()))
    assert listed.out.endswith("\nSettings are missing: set them in the environment or in .env (see .env.example).\n")


def test_backends_exits_with_0_when_all_are_ready(repository: Any, dev_server: Any) -> None:
    settings = httpx.get(f"{dev_server.sandbox}/_sandbox/settings").json()
    listed = repository.run("backends", **settings)
    assert (listed.code, listed.out.count(": ready (")) == (0, backends_in(settings))
    # A backend that the sandbox does not play, as after following CONTRIBUTING, has no settings here.
    assert (".env.example" in listed.out) == (backends_in(settings) < len(adapter_names()))


def test_backends_exits_with_0_when_an_optional_backend_is_not_ready(repository: Any, dev_server: Any) -> None:
    settings = httpx.get(f"{dev_server.sandbox}/_sandbox/settings").json()
    remaining = {name: value for name, value in settings.items() if "_MARKETING_" not in name}
    listed = repository.run("backends", **remaining)
    assert (listed.code, listed.out.count(": ready (")) == (0, backends_in(remaining))


@pytest.mark.parametrize(
    ("days", "printed"),
    [
        (181, None),
        (180, "  ends on 2030-01-02: ask us@company.example"),
        (-1, "  ended on 2030-01-02: ask us@company.example"),
    ],
)
def test_summary_mentions_a_near_sunset(days: int, printed: str | None) -> None:
    backend: dict[str, Any] = {
        "name": "old",
        "protocol": "REST",
        "owner": "us",
        "level": "silver",
        "criticality": "critical",
    }
    backend |= {"address": None, "state": "starting", "contact": "us@company.example", "sunset": "2030-01-02"}
    lines = list(summary_lines(backend | {"sunset_in_days": days, "operations": []}))
    assert lines == ["old (REST, owned by us, silver)", "  no address: starting", *([printed] if printed else [])]


LIMITED = """
from datetime import date
from graphfold import Keys, RestAdapter, batch
from graphfold.manifest import Manifest
from graphfold.resilience import Quota, Resilience


class Depot(RestAdapter):
    manifest = Manifest(
        owner="us",
        contact="us@company.example",
        criticality="optional",
        version="v7",
        runbook="https://runbooks.company.example/depot",
        level="bronze",
        sunset=date(2001, 2, 3),
        done=("nulls",),
        exempt={"writes": "there are none"},
        todo={"split": "the size is not known"},
    )
    resilience = Resilience(parallel=4, queue=20, quota=Quota(90, per=60, burst=5))
    timeout = 3

    @batch(max_size=50)
    async def stock(self, skus: Keys[str]) -> dict[str, int]: ...
"""


def test_backends_with_a_name_prints_all_details(tiny: Any) -> None:
    (tiny.folder / "resolvers" / "depot.py").write_text(LIMITED)
    printed = tiny.run("backends", "depot", GRAPHFOLD_DEPOT_PARALLEL="3")
    lines = [" ".join(line.split()) for line in printed.out.splitlines()]
    assert (printed.code, lines[0]) == (0, "depot (REST, owned by us, bronze, not critical)")
    for name, value in {
        "owner": "us",
        "contact": "us@company.example",
        "criticality": "optional",
        "version": "v7",
        "runbook": "https://runbooks.company.example/depot",
        "level": "bronze",
        "limits": "3 calls at once, 20 waiting; 3 s a call, 2 retries",  # the operator's, where there are any
        "90 calls in 60 s,": "5 of them at once",
        "stock:": "50 keys a call",
        "done owner": "bronze Owner and contact are known.",
        "done nulls": "gold Null, empty and absent values are kept apart.",
        "exempt writes": "bronze there are none",
        "todo split": "silver the size is not known",
        "todo keyed": "silver Rows are matched to their keys in whatever order the reply has them.",
    }.items():
        assert f"{name} {value}" in lines
    assert any(line.startswith("sunset 2001-02-03, ") and line.endswith(" days ago") for line in lines)
    assert max(map(len, printed.out.splitlines())) <= 120


def test_backends_json_has_the_whole_manifest(tiny: Any) -> None:
    (tiny.folder / "resolvers" / "depot.py").write_text(LIMITED)
    [printed] = json.loads(tiny.run("backends", "--json").out)["backends"]
    assert (printed["contact"], printed["version"], printed["sunset"]) == ("us@company.example", "v7", "2001-02-03")
    quota = {"rate": 90, "per": 60, "burst": 5}
    assert printed["limits"] == {
        "seconds": 3,
        "retries": 2,
        "parallel": 4,
        "queue": 20,
        "quota": quota,
        "keys": {"stock": 50},
    }
    rules = {rule["name"]: (rule["status"], rule["reason"]) for rule in printed["rules"]}
    assert list(rules) == list(RULES)
    assert (rules["owner"], rules["keyed"]) == (("done", None), ("todo", None))
    assert rules["writes"] == ("exempt", "there are none")
    assert rules["split"] == ("todo", "the size is not known")


def test_backends_rejects_an_unknown_name(repository: Any) -> None:
    printed = repository.run("backends", "shp")
    assert (printed.code, printed.out) == (2, "")
    assert "There is no backend 'shp'." in printed.err
    assert "shop" in printed.err


def test_check_passes_or_lists_problems(tiny: Any) -> None:
    assert tiny.run("check").out == "Tiny: 0 backends, no problems.\n"
    checked = tiny.run("check", GRAPHFOLD_MAX_DEPHT="3")
    assert (checked.code, "did you mean GRAPHFOLD_MAX_DEPTH?" in checked.err) == (1, True)


def test_serve_has_no_development_features(tiny: Any) -> None:
    with tiny.start("serve", "--port", "0") as running:
        url = running.wait_for_log(event="serving")["url"]
        assert httpx.post(url, json={"query": "{ hello }"}).json() == {"data": {"hello": "hello you"}}
        schema = httpx.post(url, json={"query": "{ __schema { description } }"}).json()
        assert "Introspection is switched off here" in schema["errors"][0]["message"]
        assert httpx.get(url, headers={"accept": "text/html"}).status_code == 406
        code, seconds = running.end()
        assert (code, seconds < 2) == (0, True)
