"""Invalid credential declarations and secrets in code are refused at import or start."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from graphfold.graph.project import Project, ProjectError
from graphfold.mistakes import Mistake
from graphfold.testing import graph_of
from tests.graphfold.written import Wrong, assert_mistake

ADAPTER = """
        class Crm(RestAdapter):  # <-
            {}
            @read({})
            async def count(self) -> int: ...
        """


def adapter(body: str, message: str, fix: str, *, read: str = "") -> Wrong:
    return Wrong(ADAPTER.format(body, read), message, fix)


def credential(made: str, message: str, fix: str) -> Wrong:
    return Wrong(
        f"""
        credential = {made}  # <-
        """,
        message,
        fix,
    )


ASKING = """
        class Crm(RestAdapter):
            @read()
            async def count(self) -> int:
                return await {}  # <-

        @resolves(Query)
        async def count(crm: Crm) -> int | None: ...
        """
SECRET = "a1B2c3D4e5F6g7H8i9J0k1L2"
AT_IMPORT = {
    "the caller's credential as ours": adapter(
        'identity = "service"; credential = PassThrough()', "its credential is the caller's", "leave identity out"
    ),
    "public answers to the caller's credential": adapter(
        "credential = PassThrough()",
        'share="public", but Crm calls as the viewer',
        'share="viewer"',
        read='share="public"',
    ),
    "scope without tokens": adapter(
        "credential = ApiKey('X-Key')", "its credential has no scopes", "ClientCredentials", read='scope="a"'
    ),
    "scope that is not valid": adapter(
        "credential = ClientCredentials('/token')", "scope='a\"b' is not valid", "orders:read", read="scope='a\"b'"
    ),
    "header names as one text": adapter('propagates = "cookie"', "propagates 'cookie'", "write propagates = "),
    "header in capitals": adapter('propagates = ("X-A",)', "propagates 'X-A'", "lower case"),
    "pattern of headers": adapter('propagates = ("x-*",)', "propagates 'x-.*which is not allowed", "lower case"),
    "header of the connection": adapter('propagates = ("transfer-encoding",)', "'transfer-encoding'", "leave it out"),
    "header of the message": adapter('propagates = ("content-type",)', "'content-type'", "leave it out"),
    "the caller's cookie for all": adapter(
        'identity = "service"; propagates = ("cookie",)', "propagates 'cookie'", "leave identity out"
    ),
    "bearer token in code": credential(
        f'Bearer("{SECRET}")', "Bearer: secrets are not arguments", "GRAPHFOLD_<BACKEND>_TOKEN"
    ),
    "key in place of its header": credential(f'ApiKey("{SECRET}")', "ApiKey: secrets are not arguments", "_TOKEN"),
    "password in code": credential(f'Basic("us", "{SECRET}")', "Basic: secrets are not arguments", "_USERNAME and "),
    "client secret in code": credential(
        f'ClientCredentials("/t", client_secret="{SECRET}")',
        "ClientCredentials: secrets are not arguments",
        "_CLIENT_SECRET",
    ),
    "password of a message in code": credential(
        f'UsernameToken("us", "{SECRET}")', "UsernameToken: secrets are not arguments", "_PASSWORD"
    ),
    "key of nowhere": credential("ApiKey()", "needs the name of a header", "or ApiKey.query="),
    "key of two places": credential('ApiKey("X-Key", query="key")', "needs the name of a header", "or ApiKey.query="),
    "no header to pass on": credential('PassThrough("x y")', "not a header name", "PassThrough()"),
    "window of nothing": credential("HmacSignature(window=0)", "window=0 is not valid", "leave it out"),
    "two in one place": credential("AllOf(Basic(), Bearer())", "two credentials use authorization", "remove one"),
    "two security headers": credential(
        "AllOf(Timestamp(), UsernameToken())", "two credentials use WS-Security", "WsSecurity.Timestamp"
    ),
    "all of one": credential("AllOf(Basic())", "needs at least two credentials", "remove one"),
    "a message's credential without messages": adapter(
        "credential = UsernameToken()", "is for SOAP messages, but the adapter speaks REST", "Basic"
    ),
    "secret beside the adapter": adapter(f'api_key = "{SECRET}"', "Crm.api_key looks like a secret", "GRAPHFOLD_CRM_"),
    "secret under a harmless name": adapter(
        'start = "Bearer abcdef12"', "Crm.start looks like a secret", "GRAPHFOLD_CRM_"
    ),
}


@pytest.mark.parametrize("wrong", AT_IMPORT.values(), ids=AT_IMPORT.keys())
def test_invalid_credential_raises_mistake_at_import(
    wrong: Wrong, imported: Callable[[str], ModuleType], tmp_path: Path
) -> None:
    with pytest.raises(Mistake) as raised:
        imported(wrong.source)
    assert_mistake(raised.value, wrong, tmp_path / "written.py")
    assert SECRET not in str(raised.value)


WRITTEN_OUT = {
    "self.get('/n', int, api_key='hunter2')": "sends a string literal as 'api_key'",
    "self.request('GET', '/n', int, headers={'X-Api-Key': 'hunter2'})": "sends a string literal as 'X-Api-Key'",
    "self.request('GET', '/n', int, headers={'Authorization': 'hunter2'})": "sends a string literal as 'Authorization'",
    "self.request('GET', '/n', int, headers={'Cookie': 'sid=' + 'hunter2'})": "sends a string literal as 'Cookie'",
    "self.exchange('POST', '/n', json=[{'accessToken': f'hunter2'}])": "sends a string literal as 'accessToken'",
    f"self.get('/n', int, start='{SECRET}')": "contains a string that looks like a secret",
    "self.get('/n', int, start='sk_live_hunter2')": "contains a string that looks like a secret",
}


@pytest.mark.parametrize(("call", "message"), WRITTEN_OUT.items())
def test_secret_in_a_method_is_found_at_start(
    call: str, message: str, imported: Callable[[str], ModuleType], tmp_path: Path
) -> None:
    wrong = Wrong(ASKING.format(call), f"Crm.count {message}", "GRAPHFOLD_CRM_")
    imported(wrong.source)
    with pytest.raises(Mistake) as raised:
        graph_of()
    assert_mistake(raised.value, wrong, tmp_path / "written.py")
    assert "hunter2" not in str(raised.value)
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize(
    "call",
    [
        "self.get('/n', int, api_key=self.name, token='')",
        "self.request('GET', '/n', int, headers={'Idempotency-Key': f'count-{self.name}', 'X-Kind': 'token'})",
        "self.request('GET', '/n', int, headers={'Authorization': f'Bearer {self.name}'})",
        "self.get('/n', int, fields='token,password')",
    ],
)
def test_value_computed_at_run_time_is_not_a_secret(call: str, imported: Callable[[str], ModuleType]) -> None:
    imported(ASKING.format(call))
    graph_of()


@pytest.mark.parametrize("line", ['start = "{}"', 'crm_password = "x"', '[tool.graphfold.crm]\ntoken = "x"'])
def test_secret_in_project_settings_is_refused(line: str, tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text(f'[tool.graphfold]\ntitle = "Mine"\n{line.format(SECRET)}\n')
    with pytest.raises(
        ProjectError, match=r"pyproject.toml: (start|crm_password|token) .* looks like a secret"
    ) as message:
        Project.nearest(tmp_path)
    assert SECRET not in str(message.value)


@pytest.mark.parametrize(
    "value",
    [
        "InventoryServiceSoap12Binding",
        "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
        "/v2/customers-2024/with-orders-1",
        "Basic calculation of discounts",
        "pk_customer_number_2",
        "https://login.example/3f2504e04f8911d39a0c0305e82c3301/v2",
        "billing-team-v2@company.example",
    ],
)
def test_identifiers_do_not_look_secret(value: str, imported: Callable[[str], ModuleType]) -> None:
    imported(ADAPTER.format(f'start = "{value}"', ""))
