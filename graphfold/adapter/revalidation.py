"""Revalidate cached replies with conditional requests, and tell the cache how long each reply stays fresh."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from graphfold.adapter.reply_errors import outage_error
from graphfold.loading.reply_listener import ReplyListener
from graphfold.transport.call import Call, Reply

__all__ = ["CallSender", "RevalidatingClient"]


class CallSender(Protocol):
    """Sends calls to one backend."""

    async def send(self, call: Call, seconds: float | None = None) -> Reply:
        """Return the reply, whatever its status."""
        ...


class RevalidatingClient:
    """A client for calls that fill a cache. `ignored` are request headers that do not distinguish cache entries."""

    __slots__ = ("_client", "_ignored", "_listener")

    def __init__(self, client: CallSender, listener: ReplyListener, ignored: Collection[str]) -> None:
        self._client, self._listener, self._ignored = client, listener, ignored

    async def send(self, call: Call, seconds: float | None = None) -> Reply:
        """Send the call, conditionally if an earlier reply has a validator, and return the reply.

        A 304 becomes the earlier reply with its headers brought up to date (RFC 9111 section 4.3.4).
        """
        view, freshness = self._listener.view, self._listener.freshness
        headers = frozenset(item for item in call.headers.items() if item[0] not in self._ignored)
        request = (view.ident, call.path, call.query, headers)
        validated = None
        # an adapter that sends conditions of its own expects to see the 304
        if call.method == "GET" and call.headers.keys().isdisjoint(("if-none-match", "if-modified-since")):
            validated = view.replies.get(request)
        if validated is not None:
            call = call.adding(validated.conditions)
        began = view.begin()
        reply = await self._client.send(call, seconds)
        if reply.status == 304 and validated is not None:
            # headers that describe a body describe that of the 304, which is empty
            updated = {name: value for name, value in reply.headers.items() if not name.startswith("content-")}
            reply = Reply(200, {**validated.headers, **updated}, validated.body)
        if outage_error(reply) is None:
            freshness.add_reply(reply.headers, len(reply.body), self._ignored)
        if call.method == "GET" and reply.status == 200 and view.may_store(freshness):
            view.replies.put(request, reply.headers, reply.body, began)
        return reply
