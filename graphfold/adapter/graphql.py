"""GraphQL backends: send a document with variables, and read one path of the reply's `data` into rows."""

from __future__ import annotations

from functools import partial
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

import msgspec

from graphfold.adapter.base import Adapter
from graphfold.adapter.error_hooks import call_error_hook
from graphfold.adapter.graphql_errors import ReplyError, error_type_for, errors_in
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

_CALLER_ERRORS = {"UNAUTHENTICATED": CALLER_CREDENTIAL_ERRORS[401], "FORBIDDEN": CALLER_CREDENTIAL_ERRORS[403]}


class GraphQLAdapter(Adapter):
    """A backend with a GraphQL endpoint at its address."""

    protocol = "GraphQL"

    async def query(self, document: str, into: type[T], *, at: str, **variables: Any) -> T:
        """Send `document` and read `data.<at>` as `into`. Raise an error in the reply that is about that path.

        In a `list[Row | BackendError]` an error about one item, or a part of it, removes only that item. The errors
        follow the other items in the list: `by` assigns them to the keys that have no item.
        """
        call, client = self._call(document, variables), self._client

        async def attempt(seconds: float) -> T:
            value: T = self._read_data(await client.send(call, seconds), into, at)
            return value

        return await self._guarded(call, attempt)

    def error(self, message: str, extensions: dict[str, Any]) -> GraphError:
        """Return the typed error for a GraphQL error of a reply. Override it to map the backend's own codes."""
        code = extensions.get("code")
        if self.credential.caller_headers and code in ("UNAUTHENTICATED", "FORBIDDEN"):
            kind, text = _CALLER_ERRORS[code]
            return kind(text, internal=f"{code}: {message}")
        return error_type_for(code)("The backend could not answer.", internal=f"{code}: {message}")

    def _error_for_status(self, reply: Reply) -> GraphError:
        return wrong_address_error(reply) or super()._error_for_status(reply)

    async def probe(self) -> None:
        """Query `__typename`. Raise the typed error if the backend is not available."""
        reply = await self._backend.client.send(self._call("{ __typename }", {}))
        for error in self._errors(reply):
            raise self._typed_error(reply, error)

    def _call(self, document: str, variables: dict[str, Any]) -> Call:
        body = encode_json({"query": document, "variables": variables})
        headers = {"content-type": "application/json", "accept": "application/json"}
        return self._prepare(Call("POST", "", "", headers, body))

    def _read_data(self, reply: Reply, into: Any, at: str) -> Any:
        errors, item_type = self._errors(reply), _item_type_of(into)
        item_errors = self._item_errors(reply, errors, at, items_may_fail=item_type is not None)
        whole = into if item_type is None else list.__class_getitem__(item_type)
        try:
            if not item_errors:
                return decoder_for(whole, self.requested_fields, f"data.{at}").json(reply.body)
            # An item with an error may lack required fields, so each of the others is decoded for itself.
            items = decoder_for(list[msgspec.Raw], self.requested_fields, f"data.{at}").json(reply.body)
            row = decoder_for(item_type, self.requested_fields)
            rows = [row.json(text) for index, text in enumerate(items) if index not in item_errors]
            return [*rows, *item_errors.values()]
        except Unreadable as error:
            raise (self._typed_error(reply, errors[0]) if errors else unreadable_error(error)) from None

    def _errors(self, reply: Reply) -> list[ReplyError]:
        """Return the errors beside the data of a reply. Raise an error if the reply as a whole is a failure."""
        if reply.ok and not reply.media_type.endswith("json"):
            raise wrong_format_error(reply, "JSON")
        try:
            errors = [] if status_outranks_body(reply) or reply.status >= 500 else errors_in(reply.body)
        except Unreadable as error:
            raise (unreadable_error(error) if reply.ok else self._reply_error(reply)) from None
        if not reply.ok:
            raise self._typed_error(reply, errors[0]) if errors else self._reply_error(reply)
        return errors

    def _item_errors(
        self, reply: Reply, errors: list[ReplyError], at: str, *, items_may_fail: bool
    ) -> dict[int, GraphError]:
        """Return the errors about single items of the list at `at`, by index. Raise any other error about `at`."""
        by_index: dict[int, GraphError] = {}
        for error in errors:
            below = error.below(at.split("."))
            if below is None:
                continue
            if not items_may_fail or not below or not isinstance(below[0], int):
                raise self._typed_error(reply, error)
            by_index.setdefault(below[0], self._typed_error(reply, error))
        return by_index

    def _typed_error(self, reply: Reply, error: ReplyError) -> GraphError:
        """Return the error from the hook `error`; if that fails, the one from its implementation here."""
        extensions = error.with_code(request_refused=not reply.ok)
        fallback = partial(GraphQLAdapter.error, self, error.message, extensions)
        return call_error_hook(partial(self.error, error.message, extensions), fallback)


def _item_type_of(into: Any) -> Any:
    """Return the row in `list[Row | BackendError]`, whose items may fail alone; None for anything else."""
    inner = get_args(into)[0] if get_origin(into) is list else None
    if get_origin(inner) not in (Union, UnionType) or BackendError not in get_args(inner):
        return None
    return Union[tuple(part for part in get_args(inner) if part is not BackendError)]  # noqa: UP007  # made at run time
