"""Serves `/graphql` as ASGI middleware, before FastAPI's router, since nearly every request goes there."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from starlette.types import ASGIApp, Receive, Scope, Send

from graphfold.server.admission import Admission
from graphfold.server.graphiql_page import GraphiQLPage
from graphfold.server.request_handler import RequestHandler
from graphfold.server.request_log import RequestRecord
from graphfold.server.requests import (
    GraphQLRequest,
    RequestRejected,
    check_content_type,
    parse_json_body,
    parse_query_string,
    read_body,
)
from graphfold.server.responses import HTTPResponse, error_response, negotiate_media_type
from graphfold.server.served_graph import ServedGraph

__all__ = ["PATH", "Endpoint"]

PATH = "/graphql"


class Endpoint:
    """ASGI middleware: handles GraphQL at `PATH` and passes everything else to the wrapped application."""

    def __init__(self, app: ASGIApp, graph: ServedGraph, page: GraphiQLPage | None, admission: Admission) -> None:
        self._app, self._graph, self._page, self._admission = app, graph, page, admission

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != PATH:
            await self._app(scope, receive, send)
            return
        record = RequestRecord.of(scope)
        try:
            response = await self._respond(scope, receive, record)
        except RequestRejected as error:
            record.codes = [error.code]
            response = error_response(
                error.status, error.message, error.code, record.request_id, error.allow, error.retry_after
            )
        await response.send(send)

    async def _respond(self, scope: Scope, receive: Receive, record: RequestRecord) -> HTTPResponse:
        # ASGI servers give header names in lower case. Values are bytes of no declared encoding, which latin-1 keeps.
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        accept, method, body = headers.get("accept", ""), scope["method"], None
        media_type = negotiate_media_type(accept)
        if method == "POST":
            body = await self._read_body(receive, headers)
        elif method == "GET":
            # Browsers send such an Accept header when a person opens the URL, and `fetch` sends */*.
            if self._page is not None and "text/html" in accept and "json" not in accept:
                return self._page.response()
            if "json" not in accept and headers.get("sec-fetch-mode") != "cors":
                # An image or a link on a foreign page makes a browser send a GET with cookies. It can neither name a
                # media type nor send `Sec-Fetch-Mode: cors`, which only the browser itself can set.
                message = "A GET request has to accept JSON by name. Add this header: Accept: application/json"
                raise RequestRejected(406, message)
            if "content-type" in headers:
                check_content_type(headers["content-type"], "")
        else:
            # A 405 has to name the methods that are allowed (RFC 9110, 15.5.6).
            raise RequestRejected(405, f"{method[:20]} is not supported here; use POST.", allow="GET, POST")
        if media_type is None:
            message = "Answers are application/graphql-response+json or application/json; accept one of them."
            raise RequestRejected(406, message)
        request = self._parse_get(scope["query_string"]) if body is None else parse_json_body(body)
        handler = RequestHandler(self._graph, request, record, headers, media_type, receive, self._admission)
        return await handler.respond(mutations=body is not None)

    async def _read_body(self, receive: Receive, headers: Mapping[str, str]) -> bytes:
        check_content_type(headers.get("content-type", ""), headers.get("content-encoding", ""))
        settings = self._graph.settings
        try:
            async with asyncio.timeout(settings.body_timeout):
                length = headers.get("content-length")
                return await read_body(receive, length, settings.max_body, " (GRAPHFOLD_MAX_BODY)")
        except TimeoutError:
            message = f"The request body did not arrive within {settings.body_timeout:g} s (GRAPHFOLD_BODY_TIMEOUT)."
            raise RequestRejected(408, message, code="LIMIT_EXCEEDED") from None

    def _parse_get(self, query_string: bytes) -> GraphQLRequest:
        request = parse_query_string(query_string)
        operation = self._graph.documents.operation(request.query, request.operation_name)
        if operation is not None and operation.operation.value == "mutation":
            # GET is safe by RFC 9110, 9.2.1: browsers and proxies may repeat or prefetch it.
            raise RequestRejected(405, "A mutation has to be sent by POST.", allow="POST")
        return request
