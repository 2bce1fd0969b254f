"""Fills the HTML page: chooses GraphiQL or the form, inserts the settings, and limits what the page may load."""

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
"""The folder of the built bundle, served at ``<endpoint>/static``. It is missing until the bundle is built."""

STAMP = ".stamp"
"""The file in that folder whose text identifies the build."""


@dataclass(frozen=True)
class Tab:
    """An example query: GraphiQL opens each in a tab of its own, the plain form offers them by title."""

    title: str
    query: str
    variables: str | None = None
    """A JSON object as text."""


def assets_ready(static: Path = STATIC) -> bool:
    """Return whether the bundle has been built; it is moved into place whole or not at all."""
    return (static / STAMP).is_file()


def render_page(*, title: str, endpoint: str, tabs: Sequence[Tab], static: Path = STATIC) -> bytes:
    """Return the UTF-8 HTML page for ``endpoint``, a path such as ``/graphql``, with ``tabs``. Send it with `CSP`."""
    settings = json.dumps({"title": title, "endpoint": endpoint, "tabs": [asdict(tab) for tab in tabs]})
    # Without "<", no text in a query can end the script element that holds the JSON.
    settings = settings.replace("<", "\\u003c")
    names = {"title": html.escape(title), "settings": settings}
    if not assets_ready(static):
        return _template("form.html").substitute(names).encode()
    # Browsers keep the bundle's files for hours. The version in their addresses keeps two builds from mixing.
    version = (static / STAMP).read_text(encoding="ascii")[:12]
    names |= {"static": html.escape(endpoint.rstrip("/") + "/static"), "version": version}
    return _template("graphiql.html").substitute(names).encode()


def _template(name: str) -> Template:
    return Template(Path(__file__).with_name(name).read_text(encoding="utf-8"))


def _script_hash(name: str) -> str:
    """Return the CSP source for a page's one inline script, which may hold no placeholder: the template is hashed."""
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
"""The ``Content-Security-Policy`` of both pages: nothing from another host, no eval, no framing."""
