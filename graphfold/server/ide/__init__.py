"""What a browser gets at the GraphQL endpoint: GraphiQL, or a plain form where GraphiQL has not been built.

Lives here: the two pages (``*.html``) and the code that fills them. The bundle itself is built by ``frontend/build.py``
into ``graphfold/server/static``. Imports nothing of graphfold. To add a page: an ``.html`` file here and a line in
``page.py``.
"""

from graphfold.server.ide.page import CSP, STATIC, Tab, assets_ready, page

__all__ = ["CSP", "STATIC", "Tab", "assets_ready", "page"]
