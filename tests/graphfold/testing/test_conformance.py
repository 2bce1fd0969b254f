"""The conformance suite: an adapter that keeps all rules passes, and one that breaks a rule fails that rule alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from types import ModuleType
from typing import Any
from unittest import SkipTest

import httpx
import pytest

from graphfold.declarations import current_declarations
from graphfold.manifest import LEVELS, RULES
from graphfold.testing import Sample, conformance
from graphfold.testing.conformance import call_rules
from graphfold.testing.conformance.suite import CHECKS
from tests.graphfold.testing.hr_adapters import ALSO_BROKEN, BLOCKING, BROKEN, GOOD, WITH_CALLER_CREDENTIALS, hr
from tests.graphfold.testing.protocol_adapters import (
    CERTIFIED,
    GRAPHQL,
    LEAKING_BACKEND_TEXT,
    LOGGING_CREDENTIALS,
    RAISING_ON_ERRORS,
    REFUSALS_AS_OUTAGES,
    SIGNED,
    SIGNED_12,
    SOAP,
    SOAP_12,
)

OFFICE = {"places": [{"room": "b", "rent": 100.5}, {"room": "c", "rent": 99}]}
PEOPLE = [
    {"no": "100001", "name": "Ann", "mail": "a@x.test", "salary": 10.5, "level": 3, "office": OFFICE},
    {"no": "100002", "name": "Bob", "mail": "b@x.test", "salary": 20.25, "level": 4, "office": OFFICE},
]
FILMS = [{"number": "f-1", "title": "M"}, {"number": "f-2", "title": "Z"}]
STOCK = "".join(
    f"<StockLevel><Sku>{sku}</Sku><OnHand>{count}</OnHand><Counted>2026-01-01</Counted><Note>n</Note></StockLevel>"
    for sku, count in (("0001", 1), ("0002", 2))
)
SAMPLES = {
    "people": Sample(keys=["100001", "100002"], reply=PEOPLE),
    "staff": Sample(arguments={"team": "all"}, reply=PEOPLE),
    "bonuses": Sample(keys=["100001", "100002"], reply={"100001": 10.1, "100002": 3}),
    "hire": Sample(arguments={"name": "Ann"}, reply=PEOPLE[0]),
    "badge": Sample(keys=["100001"], reply={"colour": "red"}, missing=httpx.Response(404)),
    "films": Sample(keys=["f-1", "f-2"], reply={"data": {"films": FILMS}}),
    "levels": Sample(keys=["0001", "0002"], reply=f'<GetStockResponse xmlns="urn:stock">{STOCK}</GetStockResponse>'),
}

Imported = Callable[[str], ModuleType]


def adapter_in(module: ModuleType) -> Any:
    """Return the one adapter that the module declares."""
    (adapter,) = (each for each in current_declarations().adapters if each.__module__ == module.__name__)
    return adapter


ON_ERRORS = ("failures", "writes", "secrets", "partial", "probe")
"""The rules in which the backend fails or refuses: all that can depend on how an adapter reads errors."""


def failing(adapter: Any, samples: dict[str, Sample] = SAMPLES, rules: Iterable[str] = tuple(CHECKS)) -> dict[str, str]:
    """Run the rules and return the messages of those that fail."""
    suite, failed = conformance(adapter, samples), dict[str, str]()
    for rule in rules:
        try:
            getattr(suite(), f"test_{rule}")()
        except AssertionError as error:
            failed[rule] = str(error)
    return failed


def test_every_rule_has_a_check_and_a_broken_adapter() -> None:
    assert list(CHECKS) == list(RULES) == list(BROKEN)
    levels = [LEVELS.index(rule.level) for rule in RULES.values()]
    assert levels == sorted(levels)


def test_correct_rest_adapter_passes_all_rules(imported: Imported) -> None:
    assert failing(imported(GOOD).Hr) == {}


def test_adapter_with_caller_credentials_passes_all_rules(imported: Imported) -> None:
    assert failing(imported(WITH_CALLER_CREDENTIALS).Hr) == {}


@pytest.mark.parametrize("source", [GRAPHQL, SOAP, SOAP_12], ids=["graphql", "soap 1.1", "soap 1.2"])
def test_correct_adapter_of_other_protocol_passes_all_rules(source: str, imported: Imported) -> None:
    assert failing(adapter_in(imported(source))) == {}


@pytest.mark.parametrize("source", [CERTIFIED, SIGNED, SIGNED_12], ids=["mtls", "soap 1.1", "soap 1.2"])
def test_certificate_files_are_invented(source: str, imported: Imported) -> None:
    if "Signature()" in source:
        pytest.importorskip("xmlsec")
    assert failing(adapter_in(imported(source)), rules=["answers", "secrets"]) == {}


@pytest.mark.parametrize("source", LEAKING_BACKEND_TEXT.values(), ids=LEAKING_BACKEND_TEXT)
def test_backend_text_in_answer_breaks_secrets(source: str, imported: Imported) -> None:
    failed = failing(adapter_in(imported(source)), rules=ON_ERRORS)
    assert list(failed) == ["secrets"], failed
    assert "the backend's own text is in the answer" in failed["secrets"]


@pytest.mark.parametrize("source", LOGGING_CREDENTIALS.values(), ids=LOGGING_CREDENTIALS)
def test_credential_in_log_breaks_secrets(source: str, imported: Imported) -> None:
    failed = failing(imported(source).Hr, rules=ON_ERRORS)
    assert list(failed) == ["secrets"], failed
    assert "a credential is in the log after plain text with status 401" in failed["secrets"]


@pytest.mark.parametrize("rule", BROKEN)
def test_broken_adapter_fails_only_the_broken_rule(rule: str, imported: Imported) -> None:
    failed = failing(imported(BROKEN[rule]).Hr)
    assert list(failed) == [rule], failed
    assert RULES[rule].meaning in failed[rule]
    assert failed[rule].endswith(f"Fix: {RULES[rule].fix}")


@pytest.mark.parametrize(("rule", "source"), ALSO_BROKEN.values(), ids=ALSO_BROKEN)
def test_other_ways_to_break_a_rule_fail_only_that_rule(rule: str, source: str, imported: Imported) -> None:
    failed = failing(imported(source).Hr)
    assert list(failed) == [rule], failed


def test_adapter_that_blocks_the_loop_misses_its_deadline(imported: Imported, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_rules, "DEADLINE", 0.05)
    monkeypatch.setattr(call_rules, "LATEST_END", 0.1)
    suite = conformance(imported(BLOCKING).Hr, SAMPLES)()
    with pytest.raises(AssertionError, match=r"staff: an operation with a deadline of 0\.05 s takes \d\.\d s"):
        suite.test_deadline()


@pytest.mark.parametrize("source", REFUSALS_AS_OUTAGES.values(), ids=REFUSALS_AS_OUTAGES)
def test_refusal_reported_as_outage_breaks_failures(source: str, imported: Imported) -> None:
    failed = failing(adapter_in(imported(source)), rules=ON_ERRORS)
    assert list(failed) == ["failures"], failed
    assert "gives BACKEND_UNAVAILABLE (Down.) instead of BACKEND_REJECTED" in failed["failures"]


@pytest.mark.parametrize("source", RAISING_ON_ERRORS.values(), ids=RAISING_ON_ERRORS)
def test_adapter_that_raises_while_reading_an_error_breaks_failures(source: str, imported: Imported) -> None:
    failed = failing(adapter_in(imported(source)), rules=ON_ERRORS)
    assert list(failed) == ["failures"], failed
    assert re.search(r"makes the adapter fail itself: \w+ at \S*written\.py:\d+: ", failed["failures"])


def test_unclaimed_rules_are_skipped_with_a_reason(imported: Imported) -> None:
    claims = 'level="bronze", done=("nulls",), todo={"split": "in May"}, exempt={"writes": "none"}'
    suite = conformance(imported(hr("people").replace('level="gold"', claims)).Hr, SAMPLES)
    reasons = {}
    for rule in CHECKS:
        try:
            getattr(suite(), f"test_{rule}")()
        except SkipTest as skipped:
            reasons[rule] = str(skipped)
    assert (reasons.pop("split"), reasons.pop("writes")) == ("todo: in May", "exempt: none")
    assert set(reasons.values()) == {"todo: not claimed yet"}
    assert {*reasons} == {rule.name for rule in RULES.values() if rule.level != "bronze"} - {"nulls", "split"}


@pytest.mark.parametrize(
    ("sample", "message", "rules"),
    [
        (None, "hr.people has no sample; add samples={'people': Sample(keys=[...], reply=...)}", {"answers", "nulls"}),
        (Sample(reply=PEOPLE), "the sample of a batch needs the keys it answers", {"answers", "split"}),
        (
            Sample(keys=["100001", "100002"], reply=[{"no": person["no"]} for person in PEOPLE]),
            "the sample needs a record that has all of office.places, no, name, mail, salary, level",
            {"nulls", "exact"},
        ),
    ],
)
def test_insufficient_sample_fails_with_the_fix(
    sample: Sample | None, message: str, rules: set[str], imported: Imported
) -> None:
    samples = {name: each for name, each in {**SAMPLES, "people": sample}.items() if each is not None}
    failed = failing(imported(hr("people")).Hr, samples, rules)
    assert {rule for rule, text in failed.items() if "cannot be checked" in text and message in text} == rules


def test_missing_rule_of_single_key_calls_needs_the_missing_reply(imported: Imported) -> None:
    samples = SAMPLES | {"badge": replace(SAMPLES["badge"], missing=None)}
    failed = failing(imported(hr("badge")).Hr, samples)
    assert list(failed) == ["missing"]
    assert "say what the backend replies for an unknown key: Sample(..., missing=...)" in failed["missing"]


def test_sample_gives_other_keys_where_none_can_be_made_up(imported: Imported) -> None:
    source = hr("people").replace("@batch(max_size=3,", '@batch(max_size=3, key_pattern="[A-Z]{3}",')
    people = [person | {"no": no} for person, no in zip(PEOPLE, ("ANN", "BOB"), strict=True)]
    sample = Sample(keys=["ANN", "BOB"], reply=people)
    adapter = imported(source).Hr
    failed = failing(adapter, SAMPLES | {"people": sample})
    assert {*failed} == {"split", "missing", "foreign", "duplicate", "partial"}
    assert "no 4 keys like 'ANN' can be made up; give as many: Sample(..., others=[...])" in failed["split"]
    given = replace(sample, others=["CAT", "DAN", "EVE", "FAY"])
    assert failing(adapter, SAMPLES | {"people": given}, rules=[*failed]) == {}


def test_beside_answers_further_requests_of_an_operation(imported: Imported) -> None:
    posts = 'return await self.request("POST", "/people", PersonRow, json={"name": name})'
    number = 'json={"name": name, "no": await self.get("/numbers/next", str, at="no")})'
    source = hr("hire").replace(posts, posts.replace('json={"name": name})', number))
    hire = replace(SAMPLES["hire"], beside={"GET /numbers/next": {"no": "100003"}})
    adapter = imported(source).Hr
    assert list(failing(adapter)) == ["writes"]  # the GET counts as a second request
    assert failing(adapter, SAMPLES | {"hire": hire}) == {}


def test_write_without_result_may_take_an_empty_reply_for_success(imported: Imported) -> None:
    posts = 'return await self.request("POST", "/people", PersonRow, json={"name": name})'
    written = hr("hire").replace(posts, posts.replace("PersonRow", "None"))
    source = written.replace("name: str) -> PersonRow:", "name: str) -> None:")
    hire = Sample(arguments={"name": "Ann"}, reply=None)
    assert failing(imported(source).Hr, SAMPLES | {"hire": hire}) == {}


def test_operation_that_raises_before_it_calls_breaks_cancellation(imported: Imported) -> None:
    get = 'return await self.get("/staff"'
    source = hr("staff").replace(get, f'if team:\n            raise ValueError("x")\n        {get}')
    failed = failing(imported(source).Hr)
    assert "hr.staff: the sample gives ValueError (x) before the backend is called" in failed["cancellation"]


def test_failure_scenarios_run_once_for_all_rules(imported: Imported) -> None:
    posts = 'return await self.request("POST"'
    module = imported(hr("hire").replace(posts, f"HIRED.append(name)\n        {posts}") + "\nHIRED = []\n")
    suite = conformance(module.Hr, SAMPLES)()
    suite.test_failures()
    tried = len(module.HIRED)
    suite.test_writes()
    assert module.HIRED[tried:] == ["Ann"]  # the run with a backend that hangs
