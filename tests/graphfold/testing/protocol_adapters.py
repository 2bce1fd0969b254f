"""Adapters of each protocol that keep every rule, and like ones that tell or mistake what the backend says."""

from __future__ import annotations

from tests.graphfold.testing.hr_adapters import hr, problem
from tests.graphfold.written import WSDL

__all__ = [
    "CERTIFIED",
    "DEFECTIVE",
    "GRAPHQL",
    "LOGGED",
    "MISTAKEN",
    "PUBLISHED",
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


def _saying(source: str, what: str) -> str:
    """The same with this at the end of each error's message."""
    return source.replace("        return error\n", f"        error.message += {what}\n        return error\n")


def _reading(what: str) -> str:
    """REST: with this from the JSON of a refusal; `told` is its body."""
    return "import json\n" + problem(
        "try: told = json.loads(reply.body)", "except ValueError: return error", f"try: error.message += {what}",
        "except (KeyError, TypeError, IndexError): pass",
    )  # fmt: skip


REASON = 'str([part.get("Sku") for part in fault.detail.values()])'

PUBLISHED = {
    "the message of an error": _reading('told["error"]["message"]'),
    "the description of OAuth": _reading('told["error_description"]'),
    "the first of a list": _reading('told[0]["message"]'),
    "the detail of RFC 9457": _reading('told["detail"]'),
    "the message of GraphQL": _saying(GRAPHQL, "message"),
    "the extensions of GraphQL": _saying(GRAPHQL, 'str(extensions.get("reason"))'),
    "the reason of SOAP 1.1": _saying(SOAP, "fault.reason"),
    "the reason of SOAP 1.2": _saying(SOAP_12, "fault.reason"),
    "the detail of SOAP 1.1": _saying(SOAP, REASON),
    "the detail of SOAP 1.2": _saying(SOAP_12, REASON),
}

MISTAKEN = {
    "a fault": SOAP_12.replace("super().fault(fault)", 'BackendUnavailable("Down.")'),
    "an error": GRAPHQL.replace("super().error(message, extensions)", 'BackendUnavailable("Down.")'),
}
"""What the backend refuses becomes an outage."""

DEFECTIVE = {
    "problem": problem('raise KeyError("reason")'),
    "problem, of outages": problem('json.loads(reply.body or "{}")'),
    "fault": SOAP.replace("super().fault(fault)", 'fault.detail["reason"]'),
    "error": GRAPHQL.replace("super().error(message, extensions)", 'extensions["reason"]["code"]'),
}
"""What reads the backend's refusals fails itself."""

_TALKATIVE = """
import base64
import logging
import httpx
import structlog
from graphfold.credentials import Access, Call, Credential, Session

class Told(Session):
    def __init__(self, token):
        self.token = token

    def signed(self, call):
        return call.adding({"x-key": self.token})

    async def renewed(self, call, refused):
        LOG

class Talkative(Credential):
    needs, places = ("token",), ("x-key",)

    def session(self, access):
        return Told(access.settings.token.text)
"""
_RAISED = """try:
            raise ValueError(self.token)
        except ValueError:
            """


def _logging(how: str) -> str:
    """The credential is written to the log so when it is refused, and at no other time."""
    return _TALKATIVE.replace("LOG", how) + hr("people").replace('ApiKey("X-Key")', "Talkative()")


LOGGED = {
    "as it is": _logging('logging.getLogger("hr").warning("refused: %s", refused.headers)'),
    "with structlog": _logging('structlog.get_logger("hr").debug("refused", headers=refused.headers)'),
    "in a traceback": _logging(_RAISED + 'logging.getLogger("hr").exception("refused")'),
    "in a traceback of structlog": _logging(_RAISED + 'structlog.get_logger("hr").exception("refused")'),
    "in base64": _logging('logging.getLogger("hr").info(base64.b64encode(f"user:{self.token}".encode()).decode())'),
    "as in a URL": _logging('logging.getLogger("hr").info(str(httpx.URL("https://x.test", params={"k": self.token})))'),
}
