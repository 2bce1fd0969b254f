"""Calls on behalf of a cache: they ask whether what is known still holds, and tell how fresh the reply is."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from graphfold.adapter.problems import outage
from graphfold.cache.reply_cache import ValidatedReply
from graphfold.loading.reply_listener import ReplyListener
from graphfold.transport.call import Call, Reply

__all__ = ["Listened", "Sends"]


class Sends(Protocol):
    """What sends calls to one backend."""

    async def send(self, call: Call, seconds: float | None = None) -> Reply: ...


class Listened:
    """`unsorted` are request headers by which entries are not told apart."""

    __slots__ = ("_client", "_listener", "_unsorted")

    def __init__(self, client: Sends, listener: ReplyListener, unsorted: Collection[str]) -> None:
        self._client, self._listener, self._unsorted = client, listener, unsorted

    async def send(self, call: Call, seconds: float | None = None) -> Reply:
        """The reply; a 304 becomes the reply that was known, brought up to date (RFC 9111 section 4.3.4)."""
        view, freshness = self._listener.view, self._listener.freshness
        headers = frozenset(item for item in call.headers.items() if item[0] not in self._unsorted)
        request = (view.ident, call.path, call.query, headers)
        known = view.replies.get(request) if _may_ask(call) else None
        if known is not None:
            call = call.adding(known.conditions)
        began = view.begin()
        reply = await self._client.send(call, seconds)
        if reply.status == 304 and known is not None:
            reply = _still(known, reply)
        if outage(reply) is None:
            freshness.add_reply(reply.headers, len(reply.body), self._unsorted)
        if call.method == "GET" and reply.status == 200 and view.may_store(freshness):
            view.replies.put(request, reply.headers, reply.body, began)
        return reply


def _may_ask(call: Call) -> bool:
    """Not where the adapter asks by a condition of its own, and wants to see the 304."""
    return call.method == "GET" and call.headers.keys().isdisjoint(("if-none-match", "if-modified-since"))


def _still(known: ValidatedReply, reply: Reply) -> Reply:
    updated = {name: value for name, value in reply.headers.items() if not name.startswith("content-")}
    return Reply(200, {**known.headers, **updated}, known.body)
