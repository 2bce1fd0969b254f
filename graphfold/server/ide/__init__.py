"""The HTML page at the GraphQL endpoint: GraphiQL, or a plain form where GraphiQL has not been built.

Holds the two pages (``*.html``) and the code that fills them. The bundle itself is built by ``frontend/build.py``
into ``graphfold/server/static``. Imports nothing of graphfold. To add a page: an ``.html`` file here and a line in
``html_page.py``.
"""

from graphfold.server.ide.html_page import CSP, STATIC, Tab, assets_ready, render_page

__all__ = ["CSP", "STATIC", "Tab", "assets_ready", "render_page"]
