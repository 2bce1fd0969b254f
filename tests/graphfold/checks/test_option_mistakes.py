"""Unknown or impossible attributes and options of adapters raise a Mistake."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from graphfold.mistakes import Mistake
from graphfold.testing import graph_of
from tests.graphfold.written import CRM, Wrong, assert_mistake


def attribute(line: str, what: str, fix: str) -> Wrong:
    return Wrong(f"class Crm(RestAdapter):  # <-\n    {line}\n", what, fix)


def option(line: str, what: str, fix: str) -> Wrong:
    return Wrong(f"class Crm(RestAdapter):\n    {line}  # <-\n    async def count(self) -> int: ...\n", what, fix)


RESILIENCE = "from graphfold.resilience import Resilience, Quota\n"

WRONG = [
    attribute(
        'credentials = ApiKey("X-Key")',
        r"Crm\.credentials is not an attribute .*did you mean credential\?",
        "credential =",
    ),
    attribute(
        "manifst = Manifest()",
        r"Crm\.manifst is not an attribute .*did you mean manifest\?",
        "annotate a constant of your own",
    ),
    attribute('probe_pth = "/"', r"Crm\.probe_pth is not an attribute .*did you mean probe_path\?", "probe_path ="),
    attribute("timout = 5", r"Crm\.timout is not an attribute .*did you mean timeout\?", "timeout ="),
    attribute('identity = "servce"', r"identity='servce' is not one of \('viewer', 'service'\)", 'write "service"'),
    attribute('timeout = "5s"', "timeout='5s' is not valid", "a number of seconds above 0"),
    attribute("timeout = 0", "timeout=0 is not valid", "a number of seconds above 0"),
    attribute("timeout = True", "timeout=True is not valid", "a number of seconds above 0"),
    attribute('timeout = float("nan")', "timeout=nan is not valid", "a number of seconds above 0"),
    option("@batch(tll=2)", "batch has no option 'tll'; did you mean ttl?", "max_size, .*ttl"),
    option("@read(shere='public')", "read has no option 'shere'; did you mean share?", "share"),
    option("@write(idempotnt=True)", "write has no option 'idempotnt'; did you mean idempotent?", "idempotent"),
    option("@write(zzz=1)", "write has no option 'zzz'$", "idempotent"),
    Wrong(
        "class Crm(RestAdapter):\n    manifest = Manifest(levle='gold')  # <-\n",
        "Manifest has no option 'levle'; did you mean level?",
        "owner, contact",
    ),
    Wrong(
        RESILIENCE + "\nclass Crm(RestAdapter):\n    resilience = Resilience(retry=1)  # <-\n",
        "Resilience has no option 'retry'; did you mean retries?",
        "parallel",
    ),
    Wrong(
        RESILIENCE + "\nclass Crm(RestAdapter):\n    resilience = Resilience(quota=Quota('100'))  # <-\n",
        "Quota: rate='100' is not valid",
        "a number of calls",
    ),
    Wrong(
        """
        @resolves(Query, fallbak=None)  # <-
        async def count() -> int | None: ...
        """,
        "resolves has no option 'fallbak'; did you mean fallback?",
        "owner, fallback",
    ),
]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.what)
def test_wrong_option_is_a_mistake_at_import(
    wrong: Wrong, imported: Callable[[str], ModuleType], tmp_path: Path
) -> None:
    with pytest.raises(Mistake) as mistake:
        imported(wrong.source)
    assert_mistake(mistake.value, wrong, tmp_path / "written.py")


def test_own_class_attributes_of_an_adapter_are_allowed(imported: Callable[[str], ModuleType]) -> None:
    imported(
        """
        from typing import ClassVar

        class Base(RestAdapter):
            TIMEOUT = 3
            regions = ("eu", "us")
            names: ClassVar[tuple[str, ...]] = ()

            def credentials(self) -> None: ...

        class Crm(Base):
            names = ("a", "b")
            region = "eu"

            @read()
            async def manifests(self) -> int: ...
        """
    )


@pytest.mark.parametrize("path", ['"http://crm.test/x"', '"//crm.test/x"', 'f"https://crm.test/{self.name}"', '"x"'])
def test_path_to_another_server_is_a_mistake_at_start(
    path: str, imported: Callable[[str], ModuleType], tmp_path: Path
) -> None:
    wrong = Wrong(
        CRM
        + f"""
        class Other(RestAdapter):
            @read()
            async def count(self) -> int:
                return await self.get({path}, int)  # <-
        """,
        "Other.count requests .*, which is not below the backend's address",
        "the path alone",
    )
    imported(wrong.source)
    with pytest.raises(Mistake) as mistake:
        graph_of()
    assert_mistake(mistake.value, wrong, tmp_path / "written.py")


@pytest.mark.parametrize("kind", ["read", "batch"])
@pytest.mark.parametrize("call", ["request('DELETE', '/n', int)", "exchange(path='/n', method='patch')"])
def test_read_with_a_changing_method_is_a_mistake_at_start(
    kind: str, call: str, imported: Callable[[str], ModuleType], tmp_path: Path
) -> None:
    signature = {"read": "self) -> Any", "batch": "self, ids: Keys[str]) -> dict[str, Any]"}[kind]
    wrong = Wrong(
        CRM
        + f"""
        class Other(RestAdapter):
            @{kind}()
            async def count({signature}:
                return await self.{call}  # <-
        """,
        f"Other.count is a @{kind}, but sends (DELETE|patch)",
        "declare it as a @write",
    )
    imported(wrong.source)
    with pytest.raises(Mistake) as mistake:
        graph_of()
    assert_mistake(mistake.value, wrong, tmp_path / "written.py")
