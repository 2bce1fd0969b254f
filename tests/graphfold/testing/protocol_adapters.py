"""Source of adapters of each protocol that keep every rule, and of others that leak or misread what backends say."""

from __future__ import annotations

from tests.graphfold.testing.hr_adapters import hr, with_problem
from tests.graphfold.written import WSDL

__all__ = [
    "CERTIFIED",
    "GRAPHQL",
    "LEAKING_BACKEND_TEXT",
    "LOGGING_CREDENTIALS",
    "RAISING_ON_ERRORS",
    "REFUSALS_AS_OUTAGES",
    "SIGNED",
    "SIGNED_12",
    "SOAP",
    "SOAP_12",
]

MANIFEST = 'manifest = Manifest(owner="x", contact="x@x.test", version="1", runbook="https://x.test", level="gold")'

GRAPHQL = f'''
from graphfold.errors import BackendUnavailable

@strawberry.type
class Film:
    title: str

class FilmRow(Row[Film], key="number"):
    number: str
    title: str

class Films(GraphQLAdapter):
    {MANIFEST}
    identity = "service"
    credential = Bearer()

    @batch()
    async def films(self, numbers: Keys[str]) -> dict[str, FilmRow]:
        """Films."""
        document = "query f($ids: [ID!]!) {{ films(ids: $ids) {{ number title }} }}"
        rows = await self.query(document, list[FilmRow], at="films", ids=numbers)
        return by(rows, lambda row: row.number)

    def error(self, message, extensions):
        error = super().error(message, extensions)
        return error
'''

SOAP = f'''
from graphfold.errors import BackendUnavailable

@strawberry.type
class Level:
    on_hand: int
    note: str | None

class LevelRow(Row[Level], key="sku"):
    sku: Annotated[str, Wire("Sku")]
    on_hand: Annotated[int, Wire("OnHand")]
    note: Annotated[str | None, Wire("Note")]

class Depot(SoapAdapter):
    {MANIFEST}
    identity = "service"
    credential = UsernameToken()
    wsdl = Path("{WSDL}")
    port = "Eleven"

    @batch()
    async def levels(self, skus: Keys[str]) -> dict[str, LevelRow]:
        """Stock levels."""
        return by(await self.invoke("GetStock", list[LevelRow], Sku=skus), lambda row: row.sku)

    def fault(self, fault):
        error = super().fault(fault)
        return error
'''
SOAP_12 = SOAP.replace('"Eleven"', '"Twelve"')

CERTIFIED = GRAPHQL.replace("Bearer()", "AllOf(ClientCertificate(), Bearer())")
SIGNED = SOAP.replace("UsernameToken()", "Signature()")
SIGNED_12 = SOAP_12.replace("UsernameToken()", "WsSecurity(Timestamp(), UsernameToken(), Signature())")


def _appending(source: str, expression: str) -> str:
    """Return an adapter that appends an expression to the message of each error."""
    return source.replace("        return error\n", f"        error.message += {expression}\n        return error\n")


def _appending_json(expression: str) -> str:
    """Return a REST adapter that appends a part of a refusal's JSON, which is `data`, to the message."""
    return "import json\n" + with_problem(
        "try: data = json.loads(reply.body)", "except ValueError: return error", f"try: error.message += {expression}",
        "except (KeyError, TypeError, IndexError): pass",
    )  # fmt: skip


REASON = 'str([part.get("Sku") for part in fault.detail.values()])'

LEAKING_BACKEND_TEXT = {
    "the message of an error": _appending_json('data["error"]["message"]'),
    "the description of OAuth": _appending_json('data["error_description"]'),
    "the first error of a list": _appending_json('data[0]["message"]'),
    "the detail of RFC 9457": _appending_json('data["detail"]'),
    "the message of GraphQL": _appending(GRAPHQL, "message"),
    "the extensions of GraphQL": _appending(GRAPHQL, 'str(extensions.get("reason"))'),
    "the reason of SOAP 1.1": _appending(SOAP, "fault.reason"),
    "the reason of SOAP 1.2": _appending(SOAP_12, "fault.reason"),
    "the detail of SOAP 1.1": _appending(SOAP, REASON),
    "the detail of SOAP 1.2": _appending(SOAP_12, REASON),
}

REFUSALS_AS_OUTAGES = {
    "a SOAP fault": SOAP_12.replace("super().fault(fault)", 'BackendUnavailable("Down.")'),
    "a GraphQL error": GRAPHQL.replace("super().error(message, extensions)", 'BackendUnavailable("Down.")'),
}
"""Adapters that report a refusal of the backend as an outage."""

RAISING_ON_ERRORS = {
    "problem": with_problem('raise KeyError("reason")'),
    "problem, for outages": with_problem('json.loads(reply.body or "{}")'),
    "fault": SOAP.replace("super().fault(fault)", 'fault.detail["reason"]'),
    "error": GRAPHQL.replace("super().error(message, extensions)", 'extensions["reason"]["code"]'),
}
"""Adapters whose own reading of an error raises."""

_LOGGING_SESSION = """
import base64
import logging
import httpx
import structlog
from graphfold.credentials import Access, Call, Credential, Session

class LoggingSession(Session):
    def __init__(self, token):
        self.token = token

    def signed(self, call):
        return call.adding({"x-key": self.token})

    async def renewed(self, call, refused):
        LOG

class LoggingCredential(Credential):
    needs, places = ("token",), ("x-key",)

    def session(self, access):
        return LoggingSession(access.settings.token.text)
"""
_RAISED = """try:
            raise ValueError(self.token)
        except ValueError:
            """


def _logging(statement: str) -> str:
    """Return an adapter that logs its credential by this statement, only when it is refused."""
    return _LOGGING_SESSION.replace("LOG", statement) + hr("people").replace('ApiKey("X-Key")', "LoggingCredential()")


LOGGING_CREDENTIALS = {
    "in plain": _logging('logging.getLogger("hr").warning("refused: %s", refused.headers)'),
    "with structlog": _logging('structlog.get_logger("hr").debug("refused", headers=refused.headers)'),
    "in a traceback": _logging(_RAISED + 'logging.getLogger("hr").exception("refused")'),
    "in a traceback of structlog": _logging(_RAISED + 'structlog.get_logger("hr").exception("refused")'),
    "in base64": _logging('logging.getLogger("hr").info(base64.b64encode(f"user:{self.token}".encode()).decode())'),
    "escaped for a URL": _logging(
        'logging.getLogger("hr").info(str(httpx.URL("https://x.test", params={"k": self.token})))'
    ),
}
