"""The conformance suite: an adapter that keeps all rules passes, and one that breaks a rule fails that rule alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any
from unittest import SkipTest

import httpx
import pytest

from graphfold.declarations import current_declarations
from graphfold.manifest import LEVELS, RULES
from graphfold.testing import Sample, conformance
from graphfold.testing.conformance.suite import CHECKS
from tests.graphfold.testing.hr_adapters import ALSO_BROKEN, BLOCKING, BROKEN, GOOD, OF_THE_CALLER, hr
from tests.graphfold.testing.protocol_adapters import (
    CERTIFIED,
    DEFECTIVE,
    GRAPHQL,
    LOGGED,
    MISTAKEN,
    PUBLISHED,
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
    """The one it declares, whatever its name."""
    (found,) = (each for each in current_declarations().adapters if each.__module__ == module.__name__)
    return found


def failing(adapter: Any, samples: dict[str, Sample] = SAMPLES) -> dict[str, str]:
    """What the suite says of each rule that does not hold."""
    suite, failed = conformance(adapter, samples), dict[str, str]()
    for rule in CHECKS:
        try:
            getattr(suite(), f"test_{rule}")()
        except AssertionError as error:
            failed[rule] = str(error)
    return failed


def test_every_rule_has_a_check_and_a_broken_adapter() -> None:
    assert list(CHECKS) == list(RULES) == list(BROKEN)
    levels = [LEVELS.index(rule.level) for rule in RULES.values()]
    assert levels == sorted(levels)


def test_an_adapter_that_keeps_all_rules_passes(imported: Imported) -> None:
    assert failing(imported(GOOD).Hr) == {}


def test_so_does_one_that_hands_on_what_the_caller_sends(imported: Imported) -> None:
    assert failing(imported(OF_THE_CALLER).Hr) == {}


@pytest.mark.parametrize("source", [GRAPHQL, SOAP, SOAP_12])
def test_so_does_one_of_another_protocol(source: str, imported: Imported) -> None:
    assert failing(adapter_in(imported(source))) == {}


@pytest.mark.parametrize("source", [CERTIFIED, SIGNED, SIGNED_12])
def test_files_of_certificates_need_not_be_given(source: str, imported: Imported) -> None:
    if "Signature()" in source:
        pytest.importorskip("xmlsec")
    assert failing(adapter_in(imported(source))) == {}


@pytest.mark.parametrize("source", PUBLISHED.values(), ids=PUBLISHED)
def test_words_of_the_backend_in_an_answer_are_found(source: str, imported: Imported) -> None:
    failed = failing(adapter_in(imported(source)))
    assert list(failed) == ["secrets"], failed
    assert "the backend's own text is in the answer" in failed["secrets"]


@pytest.mark.parametrize("source", LOGGED.values(), ids=LOGGED)
def test_a_credential_that_is_logged_when_it_is_refused_is_found(source: str, imported: Imported) -> None:
    failed = failing(imported(source).Hr)
    assert list(failed) == ["secrets"], failed
    assert "a credential is in the log after plain text with status 401" in failed["secrets"]


@pytest.mark.parametrize("rule", BROKEN)
def test_an_adapter_that_breaks_a_rule_fails_that_rule_alone(rule: str, imported: Imported) -> None:
    failed = failing(imported(BROKEN[rule]).Hr)
    assert list(failed) == [rule], failed
    assert RULES[rule].meaning in failed[rule]
    assert failed[rule].endswith(f"Fix: {RULES[rule].fix}")


@pytest.mark.parametrize(("rule", "source"), ALSO_BROKEN.values(), ids=ALSO_BROKEN)
def test_a_rule_is_broken_in_more_than_one_way(rule: str, source: str, imported: Imported) -> None:
    failed = failing(imported(source).Hr)
    assert list(failed) == [rule], failed


def test_who_holds_up_the_loop_is_late(imported: Imported) -> None:
    suite = conformance(imported(BLOCKING).Hr, SAMPLES)()
    with pytest.raises(AssertionError, match=r"staff: an operation with a deadline of 0\.5 s takes 1\.\d s"):
        suite.test_deadline()


@pytest.mark.parametrize("source", MISTAKEN.values(), ids=MISTAKEN)
def test_a_refusal_in_the_protocol_is_no_outage(source: str, imported: Imported) -> None:
    failed = failing(adapter_in(imported(source)))
    assert list(failed) == ["failures"], failed
    assert "gives BACKEND_UNAVAILABLE (Down.) instead of BACKEND_REJECTED" in failed["failures"]


@pytest.mark.parametrize("source", DEFECTIVE.values(), ids=DEFECTIVE)
def test_a_failure_that_cannot_be_read_by_a_defect_is_found(source: str, imported: Imported) -> None:
    failed = failing(adapter_in(imported(source)))
    assert list(failed) == ["failures"], failed
    assert re.search(r"makes the adapter fail itself: \w+ at \S*written\.py:\d+: ", failed["failures"])


def test_what_is_not_claimed_is_skipped_with_the_reason(imported: Imported) -> None:
    claims = 'level="bronze", done=("nulls",), todo={"split": "in May"}, exempt={"writes": "none"}'
    suite = conformance(imported(hr("people").replace('level="gold"', claims)).Hr, SAMPLES)
    told = {}
    for rule in CHECKS:
        try:
            getattr(suite(), f"test_{rule}")()
        except SkipTest as skipped:
            told[rule] = str(skipped)
    assert (told.pop("split"), told.pop("writes")) == ("todo: in May", "exempt: none")
    assert set(told.values()) == {"todo: not claimed yet"}
    assert {*told} == {rule.name for rule in RULES.values() if rule.level != "bronze"} - {"nulls", "split"}


@pytest.mark.parametrize(
    ("sample", "told", "rules"),
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
def test_what_cannot_be_checked_is_a_failure_with_the_fix(
    sample: Sample | None, told: str, rules: set[str], imported: Imported
) -> None:
    samples = {name: each for name, each in {**SAMPLES, "people": sample}.items() if each is not None}
    failed = failing(imported(hr("people")).Hr, samples)
    assert {rule for rule, text in failed.items() if "cannot be checked" in text and told in text} >= rules


def test_an_unknown_key_of_a_backend_with_a_call_for_each_needs_its_reply(imported: Imported) -> None:
    samples = SAMPLES | {"badge": replace(SAMPLES["badge"], missing=None)}
    failed = failing(imported(hr("badge")).Hr, samples)
    assert list(failed) == ["missing"]
    assert "say what the backend replies for an unknown key: Sample(..., missing=...)" in failed["missing"]


def test_keys_of_a_form_that_cannot_be_made_up_are_given(imported: Imported) -> None:
    source = hr("people").replace("@batch(max_size=3,", '@batch(max_size=3, key_pattern="[A-Z]{3}",')
    people = [person | {"no": no} for person, no in zip(PEOPLE, ("ANN", "BOB"), strict=True)]
    sample = Sample(keys=["ANN", "BOB"], reply=people)
    adapter = imported(source).Hr
    failed = failing(adapter, SAMPLES | {"people": sample})
    assert {*failed} == {"split", "missing", "foreign", "duplicate", "partial"}
    assert "no 4 keys like 'ANN' can be made up; give as many: Sample(..., others=[...])" in failed["split"]
    given = replace(sample, others=["CAT", "DAN", "EVE", "FAY"])
    assert failing(adapter, SAMPLES | {"people": given}) == {}


def test_requests_beside_the_one_that_counts_are_answered_by_route(imported: Imported) -> None:
    posts = 'return await self.request("POST", "/people", PersonRow, json={"name": name})'
    number = 'json={"name": name, "no": await self.get("/numbers/next", str, at="no")})'
    source = hr("hire").replace(posts, posts.replace('json={"name": name})', number))
    hire = replace(SAMPLES["hire"], beside={"GET /numbers/next": {"no": "100003"}})
    adapter = imported(source).Hr
    assert list(failing(adapter)) == ["writes"]  # the GET is sent again
    assert failing(adapter, SAMPLES | {"hire": hire}) == {}


def test_a_write_that_is_answered_by_nothing_is_none_of_the_failures(imported: Imported) -> None:
    posts = 'return await self.request("POST", "/people", PersonRow, json={"name": name})'
    written = hr("hire").replace(posts, posts.replace("PersonRow", "None"))
    source = written.replace("name: str) -> PersonRow:", "name: str) -> None:")
    hire = Sample(arguments={"name": "Ann"}, reply=None)
    assert failing(imported(source).Hr, SAMPLES | {"hire": hire}) == {}


def test_an_operation_that_fails_before_it_calls_is_told_at_once(imported: Imported) -> None:
    asks = 'return await self.get("/staff"'
    source = hr("staff").replace(asks, f'if team:\n            raise ValueError("x")\n        {asks}')
    failed = failing(imported(source).Hr)
    assert "hr.staff: the sample gives ValueError (x) before the backend is called" in failed["cancellation"]


def test_what_comes_of_a_failure_is_found_out_once_for_all_rules(imported: Imported) -> None:
    posts = 'return await self.request("POST"'
    module = imported(hr("hire").replace(posts, f"HIRED.append(name)\n        {posts}") + "\nHIRED = []\n")
    suite = conformance(module.Hr, SAMPLES)()
    suite.test_failures()
    tried = len(module.HIRED)
    suite.test_writes()
    assert module.HIRED[tried:] == ["Ann"]  # of a backend that hangs
