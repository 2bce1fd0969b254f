"""GraphQL backends: a document with variables in, one place of `data` out."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from graphfold.adapter.base import Adapter
from graphfold.adapter.body import json_of
from graphfold.adapter.problems import CALLER_REFUSED, not_at_its_address, not_the_format, unusable
from graphfold.errors import (
    BackendContract,
    BackendCredentials,
    BackendRejected,
    BackendUnavailable,
    GraphError,
)
from graphfold.rows.decoder import Decoder, Unreadable, decoder
from graphfold.transport.call import Call, Reply

__all__ = ["GraphQLAdapter"]

T = TypeVar("T")


class _Error(msgspec.Struct):
    message: str = ""
    extensions: dict[str, Any] | None = None


class _Errors(msgspec.Struct):
    errors: list[_Error] | None = None


_ERRORS = Decoder(_Errors)

_KINDS: dict[str, type[GraphError]] = {
    "UNAUTHENTICATED": BackendCredentials,
    "FORBIDDEN": BackendCredentials,
    "BAD_USER_INPUT": BackendRejected,
    "GRAPHQL_PARSE_FAILED": BackendContract,
    "GRAPHQL_VALIDATION_FAILED": BackendContract,
    "INTERNAL_SERVER_ERROR": BackendUnavailable,
}

_OF_CALLER = {"UNAUTHENTICATED": CALLER_REFUSED[401], "FORBIDDEN": CALLER_REFUSED[403]}

_SAYS_MORE = (401, 403, 408, 429)
"""Statuses that say more than the errors beside them, as 5xx do."""


class GraphQLAdapter(Adapter):
    """A backend with a GraphQL endpoint at its address."""

    protocol = "GraphQL"

    async def query(self, document: str, into: type[T], *, at: str, **variables: Any) -> T:
        """Send `document` and read `data.<at>` as `into`. Any error in the reply is raised."""
        call, client = self._call(document, variables), self._client

        async def attempt(seconds: float) -> T:
            return self._read(await client.send(call, seconds), into, at)

        return await self._guarded(call, attempt)

    def error(self, message: str, extensions: dict[str, Any]) -> GraphError:
        """The typed error for the first GraphQL error of a reply. Override for the backend's own codes."""
        code = str(extensions.get("code"))
        if self.credential.caller_headers and code in _OF_CALLER:
            kind, text = _OF_CALLER[code]
            return kind(text, internal=f"{code}: {message}")
        return _KINDS.get(code, BackendUnavailable)("The backend could not answer.", internal=f"{code}: {message}")

    def problem(self, reply: Reply) -> GraphError:
        return not_at_its_address(reply) or super().problem(reply)

    async def probe(self) -> None:
        """Ask for `__typename`; raises the typed error when the backend is not well."""
        self._judge(await self._backend.client.send(self._call("{ __typename }", {})))

    def _call(self, document: str, variables: dict[str, Any]) -> Call:
        body = json_of({"query": document, "variables": variables})
        headers = {"content-type": "application/json", "accept": "application/json"}
        return self._on_behalf(Call("POST", "", "", headers, body))

    def _read(self, reply: Reply, into: type[T], at: str) -> T:
        self._judge(reply)
        try:
            value: T = decoder(into, self.asked, f"data.{at}").json(reply.body)
        except Unreadable as error:
            raise unusable(error) from None
        return value

    def _judge(self, reply: Reply) -> None:
        """Raises what the reply says has gone wrong."""
        if reply.ok and not reply.media_type.endswith("json"):
            raise not_the_format(reply, "JSON")
        told = [] if reply.status in _SAYS_MORE or reply.status >= 500 else _errors(reply)
        if told:
            raise self.error(told[0].message, told[0].extensions or {})
        if not reply.ok:
            raise self.problem(reply)


def _errors(reply: Reply) -> list[_Error]:
    """The errors in a reply. A success that is no GraphQL at all is an error itself."""
    try:
        return _ERRORS.json(reply.body).errors or []
    except Unreadable as error:
        if not reply.ok:
            return []
        raise unusable(error) from None
