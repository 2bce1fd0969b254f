"""REST backends: paths with placeholders, query parameters, JSON in and out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime
from enum import Enum
from string import Formatter
from typing import Any, ClassVar, TypeVar
from urllib.parse import quote, urlencode

from graphfold.adapter.base import Adapter
from graphfold.adapter.error_hooks import add_log_detail
from graphfold.adapter.json_body import encode_json
from graphfold.adapter.reply_errors import outage_error, unreadable_error, wrong_format_error
from graphfold.errors import BackendError, GraphError, Internal, InvalidInput
from graphfold.mistakes import Mistake, author_location
from graphfold.rows.decoder import Malformed, Unreadable, decoder_for
from graphfold.transport.call import Call, Reply

__all__ = ["RestAdapter", "is_below_address", "path_for_log"]

T = TypeVar("T")


class RestAdapter(Adapter):
    """A backend that speaks JSON over HTTP."""

    protocol = "REST"
    probe_path: ClassVar[str] = "/"
    """What `graphfold backends` asks for: anything below 500 that is no 401 or 403 counts as alive."""

    async def get(self, path: str, into: type[T], *, at: str | None = None, **parameters: Any) -> T:
        """GET `path` and read the answer as `into`, found at the dotted path `at` of the body.

        Parameters named in the path (`"/orders/{number}"`) fill it, safely quoted; the others are the query string,
        without those that are None. A list has no one way to be written there: join it as the backend reads it.
        """
        return await self.request("GET", path, into, at=at, **parameters)

    async def request(
        self,
        method: str,
        path: str,
        into: type[T],
        *,
        at: str | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        **parameters: Any,
    ) -> T:
        """Any other method, with a JSON body where `json` is given. Raises what `problem` makes of a failure."""
        call, client = self._call(method, path, json, headers, parameters), self._client

        async def attempt(seconds: float) -> T:
            reply = await client.send(call, seconds)
            if not reply.ok:
                raise self._reply_error(reply)
            return self.read(reply, into, at=at)

        return await self._guarded(call, attempt)

    async def exchange(
        self,
        method: str,
        path: str,
        judge: Callable[[Reply], T],
        *,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        **parameters: Any,
    ) -> T:
        """What `judge` makes of the raw reply, whatever its status: for what is said in headers or odd statuses.

        What it raises, as `read` does, is a failure of the call. An outage (408, 429, 5xx but for 501) is one all the
        same: repeated and counted before it is handed over.
        """
        call, client = self._call(method, path, json, headers, parameters), self._client
        failed: dict[GraphError, Reply] = {}  # of each attempt: where the call is hedged, two are under way

        async def attempt(seconds: float) -> T:
            reply = await client.send(call, seconds)
            if error := outage_error(reply):
                failed[error] = reply
                raise error
            return judge(reply)

        try:
            return await self._guarded(call, attempt)
        except GraphError as error:
            if error not in failed:
                raise
            return judge(failed[error])

    def read(self, reply: Reply, into: type[T], *, at: str | None = None) -> T:
        """The body as `into`; BACKEND_CONTRACT where it does not fit, BACKEND_BAD_REPLY where it is no JSON.

        A failure is then what its status says. A success without a body, such as a 204, is None where `into` may be.
        """
        try:
            return self._value(reply, into, at)
        except BackendError as error:
            if reply.ok:
                raise
            raise add_log_detail(self._error_for_status(reply), error.internal) from None

    def _value(self, reply: Reply, into: type[T], at: str | None) -> T:
        if not reply.body and reply.ok:
            return self._nothing(into)
        if not reply.media_type.endswith("json"):
            raise wrong_format_error(reply, "JSON")
        try:
            value: T = decoder_for(into, self.requested_fields, at).json(reply.body)
        except Unreadable as error:
            raise unreadable_error(error) from None
        return value

    def _nothing(self, into: type[T]) -> T:
        try:
            nothing: T = decoder_for(into, self.requested_fields).json(b"null")
        except Unreadable:
            raise unreadable_error(Malformed("there is no body")) from None
        return nothing

    async def probe(self) -> None:
        """Ask for something cheap; raises the typed error when the backend is not well."""
        call = self._call("GET", self.probe_path, None, None, {})
        reply = await self._backend.client.send(call)
        if reply.status in (401, 403) or reply.status >= 500:
            raise self._reply_error(reply)

    def _call(
        self, method: str, path: str, json: Any, headers: Mapping[str, str] | None, parameters: dict[str, Any]
    ) -> Call:
        filled, query = _address(path, parameters)
        sent = {"accept": "application/json"} | {name.lower(): value for name, value in (headers or {}).items()}
        body = b""
        if json is not None:
            body, sent["content-type"] = encode_json(json), "application/json"
        return self._prepare(Call(method, filled, query, sent, body))


def _address(path: str, parameters: dict[str, Any]) -> tuple[str, str]:
    """Path and query, encoded."""
    if not is_below_address(path):
        raise Internal(
            "Internal error.", internal=f"paths are below the backend's address: {path_for_log(path)!r} is not"
        )
    try:
        filled, rest = _filled(path, parameters)
        return filled, _query(rest)
    except UnicodeEncodeError as error:
        raise InvalidInput("A text contains characters that cannot be sent.", internal=str(error)) from None


def _filled(path: str, parameters: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The path with its placeholders filled, and the parameters that were not among them."""
    if "{" not in path:
        return path, parameters
    names = [name for _, name, _, _ in Formatter().parse(path) if name]
    segments = {name: _segment(name, parameters[name]) for name in names}
    return path.format(**segments), {name: value for name, value in parameters.items() if name not in segments}


def _segment(name: str, value: Any) -> str:
    text = "" if value is None else _text(name, value)
    if text in ("", ".", "..") or any(ord(character) < 32 for character in text):
        raise InvalidInput(f"{name}: this is not a possible value.")
    return quote(text, safe="")


def _query(parameters: dict[str, Any]) -> str:
    return urlencode({name: _text(name, value) for name, value in parameters.items() if value is not None}, safe=",")


def _text(name: str, value: Any) -> str:
    if isinstance(value, str) and not isinstance(value, Enum):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if value.tzinfo else value.isoformat()
    if isinstance(value, Collection):
        raise _several(name, type(value).__name__)
    return value.isoformat() if isinstance(value, date) else str(value)


def _several(name: str, kind: str) -> Mistake:
    return Mistake(
        author_location(),
        f"{name}: a {kind} cannot be sent in a path or a query",
        why="each backend reads several values in its own way, and none reads Python's.",
        fix=f'make it a text as the backend reads it, e.g. {name}=",".join(values).',
    )


def is_below_address(path: str) -> bool:
    """Not a whole address, and not another host's (RFC 3986 section 4.2)."""
    return path[:1] in ("", "/", "?") and path[:2] != "//"


def path_for_log(path: str) -> str:
    """As much of it as may be told: a query and who signs in may be somebody's secret."""
    return path.partition("?")[0].rpartition("@")[2][:100]
