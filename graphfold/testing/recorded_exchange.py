"""One request and its reply as a cassette holds them: readable, exact, and without what must not stand there."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from typing import Any

import httpx

from graphfold.testing import exact_json
from graphfold.testing.name_redaction import REDACTED, NameRedactor
from graphfold.testing.secret_redaction import SecretRedactor

__all__ = ["Json", "RecordedExchange", "matches", "recorded_reply", "recorded_request", "redacted", "request_text"]

Json = dict[str, Any]

_ANY_SECRET, _SECRET = re.compile(rf'"?{REDACTED}"?'), r'"?[^\s&<"]*"?'


@dataclass(slots=True)
class RecordedExchange:
    """`request` and `reply` are JSON. A body is `json` where JSON can say it exactly, else `text`, or `base64`."""

    backend: str
    request: Json
    reply: Json

    @property
    def response(self) -> httpx.Response:
        return httpx.Response(self.reply["status"], headers=self.reply["headers"], content=_bytes(self.reply))


def recorded_request(request: httpx.Request, scrub: NameRedactor) -> Json:
    """A request, without the address it went to."""
    query = request.url.query.decode()
    target = scrub.text(request.url.path) + (f"?{scrub.query(query)}" if query else "")
    told = {"method": request.method, "target": target, "headers": scrub.headers(request.headers.multi_items())}
    return told | _body(request.content, request.headers.get("content-type", ""), scrub)


def recorded_reply(response: httpx.Response, scrub: NameRedactor) -> Json:
    """A reply that has been read; its body is told as it was before it was compressed."""
    told = {"status": response.status_code, "headers": scrub.headers(response.headers.multi_items())}
    return told | _body(response.content, response.headers.get("content-type", ""), scrub)


def redacted(told: Json, known: SecretRedactor) -> Json:
    """A request or a reply without the secrets that are known. In bytes they are looked for as bytes."""
    hidden: Json = known.hide(told)
    return hidden | {"base64": _in_base64(known.hide(_of_base64(told["base64"])))} if "base64" in told else hidden


def request_text(told: Json) -> str:
    """A request for people."""
    return f"{told['method']} {told['target']}\n{json.dumps(_content(told), indent=2)}"


def matches(recorded: Json, told: Json) -> bool:
    """Whether it is the recorded request, whatever stands where something was hidden. Headers do not count: the body
    says what they say of it.
    """
    parts = map(re.escape, _ANY_SECRET.split(_compared(recorded)))
    return re.fullmatch(_SECRET.join(parts), _compared(told)) is not None


def _compared(told: Json) -> str:
    body = _content(told)
    body |= {"base64": _of_base64(body["base64"])} if "base64" in body else {}
    return f"{told['method']} {told['target']}\n{json.dumps(body, sort_keys=True)}"


def _content(told: Json) -> Json:
    return {part: told[part] for part in ("json", "text", "base64") if part in told}


def _body(content: bytes, media_type: str, scrub: NameRedactor) -> Json:
    if not content:
        return {}
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return {"base64": _in_base64(scrub.body(content.decode("latin-1"), media_type))}
    return _json(text, scrub) if "json" in media_type else {"text": scrub.body(text, media_type).split("\n")}


def _json(text: str, scrub: NameRedactor) -> Json:
    """As JSON, unless that would change a number: 1.10 is not 1.1 where money is concerned."""
    try:
        value, kept = scrub.json(json.loads(text)), scrub.json(exact_json.loads(text))
        again = exact_json.loads(exact_json.encode(value))
    except ValueError:  # no JSON, or a text that no encoding carries
        return {"text": scrub.text(text).split("\n")}
    return {"json": value} if again == kept else {"text": [exact_json.dumps(kept)]}


def _bytes(told: Json) -> bytes:
    if "json" in told:
        return exact_json.encode(told["json"]).encode()
    if "base64" in told:
        return base64.b64decode(told["base64"])
    return "\n".join(told.get("text", [])).encode()


def _in_base64(text: str) -> str:
    """Latin-1 has a letter for each byte."""
    return base64.b64encode(text.encode("latin-1")).decode()


def _of_base64(told: str) -> str:
    return base64.b64decode(told).decode("latin-1")
