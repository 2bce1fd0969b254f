"""What a backend repeats of our credentials goes no further: it is blotted out before anyone reads the reply."""

from __future__ import annotations

import re
from json import dumps
from urllib.parse import quote
from xml.sax.saxutils import escape

from graphfold.transport.call import Reply

__all__ = ["blotted", "forms"]

_SHORTEST = 8
"""Characters: anything shorter may be part of ordinary words, and blotting it out would damage what is answered."""

_SAME_EVERYWHERE = re.compile(r"[A-Za-z0-9._~-]+")


def forms(*texts: str) -> tuple[bytes, ...]:
    """How each text may come back: as it is, and as URLs, XML and JSON write it."""
    found: dict[bytes, None] = {}
    for text in texts:
        if len(text) < _SHORTEST:
            continue
        found[text.encode()] = None
        if not _SAME_EVERYWHERE.fullmatch(text):
            written = dumps(text)[1:-1]
            others = (quote(text, safe=""), quote(text), escape(text), written, written.replace("/", "\\/"))
            found |= dict.fromkeys(other.encode() for other in others)
    return tuple(found)


def blotted(reply: Reply, secrets: tuple[bytes, ...]) -> Reply:
    """The reply with stars in place of each of the secrets; the same one where there is none in it."""
    body, headers = reply.body, "\n".join(reply.headers.values())
    told = [secret for secret in secrets if secret in body or secret.decode() in headers]
    if not told:
        return reply
    kept = dict(reply.headers)
    for secret in told:
        body = body.replace(secret, b"*" * len(secret))
        kept = {name: value.replace(secret.decode(), "*" * len(secret)) for name, value in kept.items()}
    return Reply(reply.status, kept, body)
