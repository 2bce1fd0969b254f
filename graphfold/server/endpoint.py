"""`/graphql`: answered here, before FastAPI's router, since nearly every request goes there."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Receive, Scope, Send

from graphfold.server.admission import Admission
from graphfold.server.answering import Answering
from graphfold.server.page import Page
from graphfold.server.requestlog import Exchange
from graphfold.server.requests import Asked, Refused, body_of, by_get, by_post, check_content
from graphfold.server.responses import Reply, media_type, refusal
from graphfold.server.served import Served

__all__ = ["PATH", "Endpoint"]

PATH = "/graphql"


class Endpoint:
    """ASGI middleware: GraphQL at `PATH`, everything else to the application behind it."""

    def __init__(self, app: ASGIApp, graph: Served, page: Page | None, admission: Admission) -> None:
        self._app, self._graph, self._page, self._admission = app, graph, page, admission

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != PATH:
            await self._app(scope, receive, send)
            return
        exchange = Exchange.of(scope)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        media = media_type(headers.get("accept", ""))
        try:
            reply = await self._reply(scope, receive, exchange, headers, media)
        except Refused as error:
            exchange.codes = [error.code]
            reply = refusal(
                error.status, error.message, error.code, exchange.request_id, error.allow, error.retry_after
            )
        await reply.send(send)

    async def _reply(
        self, scope: Scope, receive: Receive, exchange: Exchange, headers: dict[str, str], media: str | None
    ) -> Reply:
        method, body = scope["method"], None
        if method == "POST":
            body = await self._body(receive, headers)
        elif method == "GET":
            accept = headers.get("accept", "")
            if self._page is not None and "text/html" in accept and "json" not in accept:
                return self._page.reply()
            _check_get(headers)
        else:
            raise Refused(405, f"{method[:20]} is not possible here; use POST.", allow="GET, POST")
        if media is None:
            raise Refused(406, "Answers are application/graphql-response+json or application/json; accept one of them.")
        asked = self._got(scope) if body is None else by_post(body)
        answering = Answering(self._graph, asked, exchange, headers, media, receive, self._admission)
        return await answering.reply(mutations=body is not None)

    async def _body(self, receive: Receive, headers: dict[str, str]) -> bytes:
        check_content(headers.get("content-type", ""), headers.get("content-encoding", ""))
        settings = self._graph.settings
        try:
            async with asyncio.timeout(settings.body_timeout):
                length, of = headers.get("content-length"), " (GRAPHFOLD_MAX_BODY)"
                return await body_of(receive, length, settings.max_body, of)
        except TimeoutError:
            told = f"The request body did not arrive within {settings.body_timeout:g} s (GRAPHFOLD_BODY_TIMEOUT)."
            raise Refused(408, told, code="LIMIT_EXCEEDED") from None

    def _got(self, scope: Scope) -> Asked:
        asked = by_get(scope["query_string"])
        operation = self._graph.documents.operation(asked.query, asked.operation_name)
        if operation is not None and operation.operation.value == "mutation":
            raise Refused(405, "A mutation has to be sent by POST.", allow="POST")
        return asked


def _check_get(headers: dict[str, str]) -> None:
    if "json" not in headers.get("accept", "") and headers.get("sec-fetch-mode") != "cors":
        # What an image or a link on a foreign page sends: it can neither name a media type nor be a `fetch`.
        raise Refused(406, "A GET has to say by name that it takes JSON. Add this header: Accept: application/json")
    if "content-type" in headers:
        check_content(headers["content-type"], "")
