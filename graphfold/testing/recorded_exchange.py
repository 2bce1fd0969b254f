"""One request and its reply in the form a cassette stores: readable JSON that says exactly what was sent, redacted."""

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

_REDACTED, _ANY_VALUE = re.compile(rf'"?{REDACTED}"?'), r'"?[^\s&<"]*"?'


@dataclass(slots=True)
class RecordedExchange:
    """One entry of a cassette's file.

    A body is `json` where JSON can represent it exactly, else `text` (a list of lines), or `base64`.
    """

    backend: str
    request: Json
    reply: Json

    @property
    def response(self) -> httpx.Response:
        reply = self.reply
        if "json" in reply:
            content = exact_json.encode(reply["json"]).encode()
        elif "base64" in reply:
            content = base64.b64decode(reply["base64"])
        else:
            content = "\n".join(reply.get("text", [])).encode()
        return httpx.Response(reply["status"], headers=reply["headers"], content=content)


def recorded_request(request: httpx.Request, redactor: NameRedactor) -> Json:
    """Return the stored form of a request, without scheme, host and port."""
    query = request.url.query.decode()
    target = redactor.text(request.url.path) + (f"?{redactor.query(query)}" if query else "")
    head = {"method": request.method, "target": target, "headers": redactor.headers(request.headers.multi_items())}
    return head | _body(request.content, request.headers.get("content-type", ""), redactor)


def recorded_reply(response: httpx.Response, redactor: NameRedactor) -> Json:
    """Return the stored form of a reply that has been read; its body is stored decompressed."""
    head = {"status": response.status_code, "headers": redactor.headers(response.headers.multi_items())}
    return head | _body(response.content, response.headers.get("content-type", ""), redactor)


def redacted(message: Json, secrets: SecretRedactor) -> Json:
    """Return a stored request or reply without the known secrets, those in a binary body included."""
    visible: Json = secrets.redact(message)
    if "base64" not in message:
        return visible
    return visible | {"base64": _to_base64(secrets.redact(_from_base64(message["base64"])))}


def request_text(request: Json) -> str:
    """Return a stored request as text for people to read and compare."""
    return f"{request['method']} {request['target']}\n{json.dumps(_stored_body(request), indent=2)}"


def matches(recorded: Json, request: Json) -> bool:
    """Return whether the request is the recorded one; a redacted part of the recording matches any value.

    Headers are not compared: those that are kept follow from the body.
    """
    parts = map(re.escape, _REDACTED.split(_comparable(recorded)))
    return re.fullmatch(_ANY_VALUE.join(parts), _comparable(request)) is not None


def _comparable(request: Json) -> str:
    body = _stored_body(request)
    if "base64" in body:  # decoded, so that a redacted part of it can be recognised
        body["base64"] = _from_base64(body["base64"])
    return f"{request['method']} {request['target']}\n{json.dumps(body, sort_keys=True)}"


def _stored_body(message: Json) -> Json:
    return {part: message[part] for part in ("json", "text", "base64") if part in message}


def _body(content: bytes, media_type: str, redactor: NameRedactor) -> Json:
    if not content:
        return {}
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return {"base64": _to_base64(redactor.body(content.decode("latin-1"), media_type))}
    if "json" not in media_type:
        return {"text": redactor.body(text, media_type).split("\n")}
    try:
        value, exact = redactor.json(json.loads(text)), redactor.json(exact_json.loads(text))
        rewritten = exact_json.loads(exact_json.encode(value))
    except ValueError:  # invalid JSON, or a lone surrogate that UTF-8 cannot encode
        return {"text": redactor.text(text).split("\n")}
    # A cassette is JSON itself: a number that Python would write differently, as 1.1 for 1.10, is kept as text.
    return {"json": value} if rewritten == exact else {"text": [exact_json.dumps(exact)]}


def _to_base64(text: str) -> str:
    return base64.b64encode(text.encode("latin-1")).decode()


def _from_base64(text: str) -> str:
    """Decode to one character for each byte, as Latin-1 does, so that binary bodies can be searched as text."""
    return base64.b64decode(text).decode("latin-1")
