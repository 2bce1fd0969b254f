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
    """The path that `graphfold backends` requests: any status below 500 except 401 and 403 means available."""

    async def get(self, path: str, into: type[T], *, at: str | None = None, **parameters: Any) -> T:
        """GET `path` and read the reply as `into`, found at the dotted path `at` of the body.

        Parameters named in the path (`"/orders/{number}"`) fill it, safely quoted; the others are the query string,
        without those that are None. There is no one way to write a list there: join it as the backend reads it.
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
        """Send a request with any method, with `json` as its body if there is one. Raise the error from `problem`."""
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
        """Return what `judge` makes of the raw reply, whatever its status: for meaning in headers or odd statuses.

        An error that `judge` raises, as `read` does, is a failure of the call. An outage (408, 429, 5xx but for 501)
        is retried and counted as one before `judge` gets the last reply.
        """
        call, client = self._call(method, path, json, headers, parameters), self._client
        # by error, because the attempts of a hedged call run at the same time
        outages: dict[GraphError, Reply] = {}

        async def attempt(seconds: float) -> T:
            reply = await client.send(call, seconds)
            if error := outage_error(reply):
                outages[error] = reply
                raise error
            return judge(reply)

        try:
            return await self._guarded(call, attempt)
        except GraphError as error:
            if error not in outages:
                raise
            return judge(outages[error])

    def read(self, reply: Reply, into: type[T], *, at: str | None = None) -> T:
        """Return the body as `into`; a success without a body, such as a 204, is None if `into` may be.

        Raise `BackendContract` if the body does not fit, and `BackendBadReply` if it is no JSON. If such a reply is a
        failure, raise the error for its status instead.
        """
        try:
            return self._read_body(reply, into, at)
        except BackendError as error:
            if reply.ok:
                raise
            raise add_log_detail(self._error_for_status(reply), error.internal) from None

    def _read_body(self, reply: Reply, into: type[T], at: str | None) -> T:
        if not reply.body and reply.ok:
            try:
                nothing: T = decoder_for(into, self.requested_fields).json(b"null")
            except Unreadable:
                raise unreadable_error(Malformed("there is no body")) from None
            return nothing
        if not reply.media_type.endswith("json"):
            raise wrong_format_error(reply, "JSON")
        try:
            value: T = decoder_for(into, self.requested_fields, at).json(reply.body)
        except Unreadable as error:
            raise unreadable_error(error) from None
        return value

    async def probe(self) -> None:
        """Request `probe_path`. Raise the typed error if the backend is not available."""
        call = self._call("GET", self.probe_path, None, None, {})
        reply = await self._backend.client.send(call)
        if reply.status in (401, 403) or reply.status >= 500:
            raise self._reply_error(reply)

    def _call(
        self, method: str, path: str, json: Any, headers: Mapping[str, str] | None, parameters: dict[str, Any]
    ) -> Call:
        filled, query = _path_and_query(path, parameters)
        all_headers = {"accept": "application/json"} | {name.lower(): value for name, value in (headers or {}).items()}
        body = b""
        if json is not None:
            body, all_headers["content-type"] = encode_json(json), "application/json"
        return self._prepare(Call(method, filled, query, all_headers, body))


def is_below_address(path: str) -> bool:
    """Return whether a path stays below the backend's address: it is no URL, and names no host (RFC 3986, 4.2)."""
    return path[:1] in ("", "/", "?") and path[:2] != "//"


def path_for_log(path: str) -> str:
    """Return a path without its query and user information, which may be secret."""
    return path.partition("?")[0].rpartition("@")[2][:100]


def _path_and_query(path: str, parameters: dict[str, Any]) -> tuple[str, str]:
    """Return the path with its placeholders filled, and the query of the other parameters, both encoded."""
    if not is_below_address(path):
        internal = f"paths are below the backend's address: {path_for_log(path)!r} is not"
        raise Internal("Internal error.", internal=internal)
    try:
        if "{" in path:
            names = [name for _, name, _, _ in Formatter().parse(path) if name]
            segments = {name: _segment(name, parameters[name]) for name in names}
            path = path.format(**segments)
            parameters = {name: value for name, value in parameters.items() if name not in segments}
        query = {name: _format_value(name, value) for name, value in parameters.items() if value is not None}
        return path, urlencode(query, safe=",")
    except UnicodeEncodeError as error:
        raise InvalidInput("A text contains characters that cannot be sent.", internal=str(error)) from None


def _segment(name: str, value: Any) -> str:
    """Return a value as one segment of a path. Raise `InvalidInput` for values that would change the path."""
    text = "" if value is None else _format_value(name, value)
    if text in ("", ".", "..") or any(ord(character) < 32 for character in text):
        raise InvalidInput(f"{name}: this is not a possible value.")
    return quote(text, safe="")


def _format_value(name: str, value: Any) -> str:
    if isinstance(value, str) and not isinstance(value, Enum):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if value.tzinfo else value.isoformat()
    if isinstance(value, Collection):
        raise Mistake(
            author_location(),
            f"{name}: a {type(value).__name__} cannot be sent in a path or a query",
            why="each backend reads several values in its own way, and none reads Python's.",
            fix=f'make it a text as the backend reads it, e.g. {name}=",".join(values).',
        )
    return value.isoformat() if isinstance(value, date) else str(value)
