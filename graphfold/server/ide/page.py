"""The HTML page itself: which of the two it is, what is written into it, and what it may load."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from string import Template

STATIC = Path(__file__).parents[1] / "static"
"""Where the built bundle lives; to be served at ``<endpoint>/static``. The folder is missing until it is built."""

STAMP = ".stamp"
"""The file in it that tells one build from another."""


@dataclass(frozen=True)
class Tab:
    """An example query: GraphiQL opens each in a tab of its own, the plain form offers them by title."""

    title: str
    query: str
    variables: str | None = None
    """A JSON object as text."""


def assets_ready(static: Path = STATIC) -> bool:
    """Whether the bundle has been built (it is put in place whole or not at all)."""
    return (static / STAMP).is_file()


def page(*, title: str, endpoint: str, tabs: Sequence[Tab], static: Path = STATIC) -> bytes:
    """The UTF-8 HTML page for ``endpoint`` (a path such as ``/graphql``), opened on ``tabs``; to be sent with `CSP`."""
    settings = _script_safe({"title": title, "endpoint": endpoint, "tabs": [asdict(tab) for tab in tabs]})
    names = {"title": html.escape(title), "settings": settings}
    if not assets_ready(static):
        return _template("form.html").substitute(names).encode()
    names |= {"static": html.escape(endpoint.rstrip("/") + "/static"), "version": _version(static)}
    return _template("graphiql.html").substitute(names).encode()


def _version(static: Path) -> str:
    """Keeps a browser from mixing files of two builds, of which it may hold some for hours."""
    return (static / STAMP).read_text(encoding="ascii")[:12]


def _template(name: str) -> Template:
    return Template(Path(__file__).with_name(name).read_text(encoding="utf-8"))


def _script_safe(value: object) -> str:
    """JSON that cannot end the script element it stands in, whatever a query contains."""
    return json.dumps(value).replace("<", "\\u003c")


def _script_hash(name: str) -> str:
    """The CSP source for the one inline script of a page, which therefore must hold no placeholder."""
    [script] = re.findall(r"<script>(.*?)</script>", _template(name).template, re.DOTALL)
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


# Styles are inline because Monaco writes them at run time; fonts and icons of the bundle are data URLs.
CSP = "; ".join(
    (
        "default-src 'self'",
        f"script-src 'self' {_script_hash('form.html')}",
        "style-src 'self' 'unsafe-inline'",
        "font-src 'self' data:",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
"""The ``Content-Security-Policy`` header both pages work under: nothing from another host, no eval, no framing."""
