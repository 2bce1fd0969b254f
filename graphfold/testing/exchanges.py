"""One request and its reply as a cassette holds them: readable, exact, and without what must not stand there."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

import httpx

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
        again = _dumped(json.loads(text)).decode()
        exact = json.loads(text, parse_float=str, parse_int=str, object_pairs_hook=list)
    except ValueError:  # no JSON, or a text that no encoding carries
        return {"text": scrub.text(text).split("\n")}
    if json.loads(again, parse_float=str, parse_int=str, object_pairs_hook=list) == exact:
        return {"json": value}
    kept = json.loads(text, parse_float=_Written, parse_int=_Written)
    return {"text": [_written(scrub.json(kept))]}


class _Written(str):
    """A number as it was written."""

    __slots__ = ()


def _written(value: Any) -> str:
    """JSON again, each number as it was."""
    if isinstance(value, _Written):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_dumped(name).decode()}: {_written(part)}" for name, part in value.items()) + "}"
    return "[" + ", ".join(map(_written, value)) + "]" if isinstance(value, list) else _dumped(value).decode()


def _bytes(told: Json) -> bytes:
    if "json" in told:
        return _dumped(told["json"])
    if "base64" in told:
        return base64.b64decode(told["base64"])
    return "\n".join(told.get("text", [])).encode()


def _dumped(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
