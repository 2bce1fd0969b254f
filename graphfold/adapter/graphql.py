"""GraphQL backends: a document with variables in, one place of `data` out."""

from __future__ import annotations

from functools import partial
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

import msgspec

from graphfold.adapter.base import Adapter
from graphfold.adapter.error_hooks import call_error_hook
from graphfold.adapter.graphql_errors import ReplyError, errors_in, kind_of
from graphfold.adapter.json_body import encode_json
from graphfold.adapter.reply_errors import (
    CALLER_CREDENTIAL_ERRORS,
    status_outranks_body,
    unreadable_error,
    wrong_address_error,
    wrong_format_error,
)
from graphfold.errors import BackendError, GraphError
from graphfold.rows.decoder import Unreadable, decoder_for
from graphfold.transport.call import Call, Reply

__all__ = ["GraphQLAdapter"]

T = TypeVar("T")

_OF_CALLER = {"UNAUTHENTICATED": CALLER_CREDENTIAL_ERRORS[401], "FORBIDDEN": CALLER_CREDENTIAL_ERRORS[403]}


class GraphQLAdapter(Adapter):
    """A backend with a GraphQL endpoint at its address."""

    protocol = "GraphQL"

    async def query(self, document: str, into: type[T], *, at: str, **variables: Any) -> T:
        """Send `document` and read `data.<at>` as `into`. An error about that place of the reply is raised.

        In a `list[Row | BackendError]` only the items are left out that an error is about, or a part of them, and the
        errors stand behind the others: `by` gives them to the keys that have no item.
        """
        call, client = self._call(document, variables), self._client

        async def attempt(seconds: float) -> T:
            value: T = self._read(await client.send(call, seconds), into, at)
            return value

        return await self._guarded(call, attempt)

    def error(self, message: str, extensions: dict[str, Any]) -> GraphError:
        """The typed error for a GraphQL error of a reply. Override for the backend's own codes."""
        code = extensions.get("code")
        if self.credential.caller_headers and code in ("UNAUTHENTICATED", "FORBIDDEN"):
            kind, text = _OF_CALLER[code]
            return kind(text, internal=f"{code}: {message}")
        return kind_of(code)("The backend could not answer.", internal=f"{code}: {message}")

    def _error_for_status(self, reply: Reply) -> GraphError:
        return wrong_address_error(reply) or super()._error_for_status(reply)

    async def probe(self) -> None:
        """Ask for `__typename`; raises the typed error when the backend is not well."""
        reply = await self._backend.client.send(self._call("{ __typename }", {}))
        for error in self._errors(reply):
            raise self._typed(reply, error)

    def _call(self, document: str, variables: dict[str, Any]) -> Call:
        body = encode_json({"query": document, "variables": variables})
        headers = {"content-type": "application/json", "accept": "application/json"}
        return self._prepare(Call("POST", "", "", headers, body))

    def _read(self, reply: Reply, into: Any, at: str) -> Any:
        errors, item = self._errors(reply), _item_of(into)
        failed = self._failed(reply, errors, at, alone=item is not None)
        wanted = into if item is None else list.__class_getitem__(item)
        try:
            if failed:
                return self._in_part(reply, failed, item, at)
            return decoder_for(wanted, self.requested_fields, f"data.{at}").json(reply.body)
        except Unreadable as error:
            raise (self._typed(reply, errors[0]) if errors else unreadable_error(error)) from None

    def _errors(self, reply: Reply) -> list[ReplyError]:
        """The errors that the reply tells beside its data. Raises what is wrong with it as a whole."""
        if reply.ok and not reply.media_type.endswith("json"):
            raise wrong_format_error(reply, "JSON")
        try:
            errors = [] if status_outranks_body(reply) or reply.status >= 500 else errors_in(reply.body)
        except Unreadable as error:
            raise (unreadable_error(error) if reply.ok else self._reply_error(reply)) from None
        if not reply.ok:
            raise self._typed(reply, errors[0]) if errors else self._reply_error(reply)
        return errors

    def _failed(self, reply: Reply, errors: list[ReplyError], at: str, *, alone: bool) -> dict[int, GraphError]:
        """The errors of items that fail `alone`, by their place in the list at `at`. Raises any other about it."""
        failed: dict[int, GraphError] = {}
        for error in errors:
            below = error.below(at.split("."))
            if below is None:
                continue
            if not alone or not below or not isinstance(below[0], int):
                raise self._typed(reply, error)
            failed.setdefault(below[0], self._typed(reply, error))
        return failed

    def _in_part(self, reply: Reply, failed: dict[int, GraphError], item: Any, at: str) -> list[Any]:
        """The items that are whole, and then the errors. What is left of an item that failed is not looked at."""
        items = decoder_for(list[msgspec.Raw], self.requested_fields, f"data.{at}").json(reply.body)
        row = decoder_for(item, self.requested_fields)
        return [*(row.json(text) for place, text in enumerate(items) if place not in failed), *failed.values()]

    def _typed(self, reply: Reply, error: ReplyError) -> GraphError:
        told = error.told(request_refused=not reply.ok)
        ours = partial(GraphQLAdapter.error, self, error.message, told)
        return call_error_hook(partial(self.error, error.message, told), ours)


def _item_of(into: Any) -> Any:
    """The row in `list[Row | BackendError]`, whose items may fail alone; None for anything else."""
    inner = get_args(into)[0] if get_origin(into) is list else None
    if get_origin(inner) not in (Union, UnionType) or BackendError not in get_args(inner):
        return None
    return Union[tuple(part for part in get_args(inner) if part is not BackendError)]  # noqa: UP007  # made at run time
