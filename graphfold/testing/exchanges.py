"""One request and its reply as a cassette holds them: readable, exact, and without what must not stand there."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

import httpx

from graphfold.testing import exact
from graphfold.testing.scrubbing import Scrubber

__all__ = ["Exchange", "Json", "asked", "replied"]

Json = dict[str, Any]


@dataclass(slots=True)
class Exchange:
    """`request` and `reply` are JSON. A body is `json` where JSON can say it exactly, else `text`, or `base64`."""

    backend: str
    request: Json
    reply: Json

    @property
    def response(self) -> httpx.Response:
        return httpx.Response(self.reply["status"], headers=self.reply["headers"], content=_bytes(self.reply))


def asked(request: httpx.Request, scrub: Scrubber) -> Json:
    """A request, without the address it went to."""
    query = request.url.query.decode()
    target = request.url.path + (f"?{scrub.query(query)}" if query else "")
    told = {"method": request.method, "target": target, "headers": scrub.headers(request.headers.multi_items())}
    return told | _body(request.content, request.headers.get("content-type", ""), scrub)


def replied(response: httpx.Response, scrub: Scrubber) -> Json:
    """A reply that has been read; its body is told as it was before it was compressed."""
    told = {"status": response.status_code, "headers": scrub.headers(response.headers.multi_items())}
    return told | _body(response.content, response.headers.get("content-type", ""), scrub)


def _body(content: bytes, media_type: str, scrub: Scrubber) -> Json:
    if not content:
        return {}
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(content).decode()}
    if "json" in media_type:
        return _json(text, scrub)
    if "x-www-form-urlencoded" in media_type:
        return {"text": [scrub.query(text)]}
    return {"text": (scrub.xml(text) if "xml" in media_type else scrub.text(text)).split("\n")}


def _json(text: str, scrub: Scrubber) -> Json:
    """As JSON, unless that would change a number: 1.10 is not 1.1 where money is concerned."""
    try:
        value = scrub.json(json.loads(text))
        again = exact.read(exact.dumped(json.loads(text)))
        kept = exact.read(text)
    except ValueError:  # no JSON, or a text that no encoding carries
        return {"text": scrub.text(text).split("\n")}
    return {"json": value} if again == kept else {"text": [exact.written(scrub.json(kept))]}


def _bytes(told: Json) -> bytes:
    if "json" in told:
        return exact.dumped(told["json"]).encode()
    if "base64" in told:
        return base64.b64decode(told["base64"])
    return "\n".join(told.get("text", [])).encode()
