"""Send calls to one backend: sign them, limit their time and size, and raise typed errors.

Client.send            time limit, redaction
Session.signed       the credential's part of the call
Channel.exchange     our own connections (`network`), or
HttpxChannel         any other httpx transport (tests, recorders)
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import httpx

from graphfold.deadline import deadline_exceeded, timeout_within_deadline
from graphfold.errors import BackendTimeout
from graphfold.transport.call import Call, CallLimits, Reply
from graphfold.transport.httpx_channel import HttpxChannel
from graphfold.transport.network import Network
from graphfold.transport.redaction import SensitiveParts, caller_secret_forms, redacted
from graphfold.transport.session import Reach, Send, Session

__all__ = ["Client"]

_CALLER_CREDENTIALS = ("cookie", "authorization")


class Client:
    """Sends all calls to one backend. `address` is its base URL; a redirect is never followed.

    `on_reply` is called with the headers of each reply, `on_resend` when a call is sent again with fresh credentials.
    `sensitive` is passed to transports other than `Network`, which may record what they send.
    """

    def __init__(
        self,
        address: str,
        transport: httpx.AsyncBaseTransport,
        limits: CallLimits,
        sign_in: Callable[[Reach], Session],
        on_reply: Callable[[Mapping[str, str]], None] | None = None,
        on_resend: Callable[[], None] | None = None,
        sensitive: SensitiveParts | None = None,
    ) -> None:
        self.address = address.rstrip("/")
        self._transport, self._limits, self._on_reply, self._on_resend = transport, limits, on_reply, on_resend
        self._sensitive = sensitive or SensitiveParts()
        self._exchange = self.reach(self.address)
        self._session = sign_in(self.reach)

    async def send(self, call: Call, seconds: float | None = None) -> Reply:
        """Return the reply, whatever its status, within `seconds` (by default the `total` of the limits).

        A 401 is retried once with fresh credentials if the session has any. Raise BACKEND_TIMEOUT, or
        DEADLINE_EXCEEDED where the operation's deadline came before the call's own limit.
        """
        call_limit = limit = self._limits.total if seconds is None else seconds
        try:
            limit = timeout_within_deadline(call_limit)
            async with asyncio.timeout(limit):
                reply = await self._send_signed(call)
        except TimeoutError:
            if limit < call_limit:  # the operation ran out of time: nothing that the backend can be blamed for
                raise deadline_exceeded(f"{limit:.3f} s were left for a call") from None
            internal = f"over {limit:.3g} s in total"
            raise BackendTimeout("The backend did not answer in time.", internal=internal) from None
        if self._on_reply is not None:
            self._on_reply(reply.headers)
        return reply

    def reach(self, address: str) -> Send:
        """Return a function that sends calls to another address without credentials, for token requests.

        It sets no time limit of its own: the limit of the call that needs the token covers the request.
        """
        address = address.rstrip("/")
        if isinstance(self._transport, Network):
            return self._transport.channel(address, self._limits).exchange
        return HttpxChannel(address, self._transport, self._limits, self._sensitive).exchange

    async def _send_signed(self, call: Call) -> Reply:
        session = self._session
        signed = session.signed(call) or await session.fetched(call)
        reply = await self._exchange(signed)
        if reply.status == 401 and (renewed := await session.renewed(call, signed)) is not None:
            if self._on_resend is not None:
                self._on_resend()
            signed, reply = renewed, await self._exchange(renewed)
        secrets = session.secrets(signed)
        if "cookie" in call.headers or "authorization" in call.headers:  # the caller's, propagated by the adapter
            headers = {name: value for name, value in call.headers.items() if name in _CALLER_CREDENTIALS}
            secrets += caller_secret_forms(headers)
        return redacted(reply, secrets) if secrets else reply
