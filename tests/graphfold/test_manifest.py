"""Manifests: the status of each rule, the sunset, and how critical a backend is."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from types import ModuleType

import httpx
import pytest

from graphfold import RestAdapter
from graphfold.manifest import LEVELS, RULES, Manifest
from graphfold.mistakes import Mistake
from graphfold.testing import FakeBackend, graph_of
from tests.graphfold.written import CRM

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("manifest", "claimed"),
    [
        (Manifest(), set()),
        (Manifest(level="bronze"), {"bronze"}),
        (Manifest(level="silver"), {"bronze", "silver"}),
        (Manifest(level="gold"), {"bronze", "silver", "gold"}),
    ],
)
def test_level_claims_its_rules_and_those_below(manifest: Manifest, claimed: set[str]) -> None:
    done = {rule.name for rule in RULES.values() if manifest.status(rule.name) == "done"}
    assert done == {rule.name for rule in RULES.values() if rule.level in claimed}


def test_single_rules_can_be_claimed_exempted_or_left_to_do() -> None:
    manifest = Manifest(level="bronze", done=("nulls",), exempt={"writes": "there are none"}, todo={"split": "in May"})
    assert [manifest.status(rule) for rule in ("nulls", "writes", "split", "owner")] == [
        "done",
        "exempt",
        "todo",
        "done",
    ]


def test_every_rule_has_a_meaning_and_a_fix() -> None:
    assert {rule.level for rule in RULES.values()} == set(LEVELS)
    assert all(rule.meaning.endswith(".") and rule.fix.endswith(".") for rule in RULES.values())


@pytest.mark.parametrize(("sunset", "days"), [(None, None), (date(2027, 1, 31), 30), (date(2026, 12, 31), -1)])
def test_ends_in_counts_the_days_to_the_sunset(sunset: date | None, days: int | None) -> None:
    assert Manifest(sunset=sunset).ends_in(date(2027, 1, 1)) == days


def test_backend_is_critical_unless_declared_optional() -> None:
    class Plain(RestAdapter):
        pass

    class Extra(RestAdapter):
        manifest = Manifest(owner="us", contact="us@company.example", criticality="optional")

    assert Plain.manifest.critical
    assert not Extra.manifest.critical


OPTIONAL = """
class Extra(RestAdapter):
    manifest = Manifest(owner="us", contact="us@company.example", criticality="optional")

    @read()
    async def title(self) -> str:
        return await self.get("/title", str)

@resolves(Query)
async def title(extra: Extra) -> str:
    return await extra.title()
"""


def test_optional_backend_needs_no_settings(imported: Callable[[str], ModuleType]) -> None:
    imported(CRM + "from graphfold.manifest import Manifest\n" + OPTIONAL)
    assert graph_of({"GRAPHFOLD_CRM_URL": "", "GRAPHFOLD_EXTRA_URL": ""}).missing_settings() == ["GRAPHFOLD_CRM_URL"]


OWNER = 'owner="us", contact="us@company.example"'

WRONG = [
    ('{"owner": "us"}', "is no manifest", "write manifest = Manifest("),
    ('Manifest(contact="us@company.example")', "there is no owner", "set owner="),
    ('Manifest(owner="us")', "there is no contact", "set contact="),
    (f'Manifest({OWNER}, criticality="high")', "criticality='high' is not one of", "use one of critical, optional"),
    (f'Manifest({OWNER}, level="platinum")', "level='platinum' is not one of", "use one of bronze, silver, gold"),
    (f'Manifest({OWNER}, sunset="2027-06-30")', "sunset='2027-06-30' is not a date", "write date(2027, 6, 30)"),
    (f'Manifest({OWNER}, done=("timeout",))', "there is no rule 'timeout'", "use one of owner, "),
    (f'Manifest({OWNER}, done=("split",), exempt={{"split": "x"}})', "'split' is listed twice", "list it once"),
    (f'Manifest({OWNER}, exempt={{"split": ""}})', "'split' has no reason", "write the reason as its value"),
    (
        f'Manifest({OWNER}, level="silver", todo={{"split": "May"}})',
        "claims 'split', which is",
        "claim the level below",
    ),
]


@pytest.mark.parametrize(("declared", "what", "fix"), WRONG)
def test_wrong_manifest_is_a_mistake_at_import(
    declared: str, what: str, fix: str, imported: Callable[[str], ModuleType]
) -> None:
    with pytest.raises(Mistake, match=re.escape(what)) as mistake:
        imported(f"class Crm(RestAdapter):\n    manifest = {declared}\n")
    assert fix in mistake.value.fix


async def test_backend_health_shows_criticality_and_does_not_affect_readiness(
    imported: Callable[[str], ModuleType],
) -> None:
    imported(CRM + "from graphfold.manifest import Manifest\n" + OPTIONAL)
    graph = graph_of()
    failing = FakeBackend({"GET /customers": httpx.Response(500)})
    app = graph.app()
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://graph.test")
    async with graph.running(transports=lambda _: failing), client:
        app.state.health.running = True
        for _ in range(20):
            await graph.execute('{ customer(number: "1") { name } }')
        backends = (await client.get("/healthz/backends")).json()["backends"]
        ready = await client.get("/readyz")
    assert {name: (state["critical"], state["breakers"]["default"]["state"]) for name, state in backends.items()} == {
        "crm": (True, "open"),
        "extra": (False, "closed"),
    }
    assert (ready.status_code, ready.json()) == (200, {"status": "ready"})
