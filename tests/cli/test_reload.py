"""`graphfold dev --reload`: serves a change once it works, and the last good version until then."""

from __future__ import annotations

import signal
from typing import Any

import httpx


def query_hello(url: str) -> Any:
    return httpx.post(url, json={"query": "{ hello }"}, timeout=20).json()["data"]["hello"]


def test_reload_serves_the_newest_working_version(tiny: Any) -> None:
    source = tiny.folder / "resolvers" / "hello.py"
    good = source.read_text()
    source.write_text("import nonsense\n")
    with tiny.start("dev", "--port", "0", "--reload") as running:
        running.read_until("Nothing is served until this is fixed")
        assert "resolvers/hello.py:1: ModuleNotFoundError: No module named 'nonsense'" in running.log

        source.write_text(good)
        url = running.read_until(r"GraphiQL: (\S+)")
        running.read_until("Press Ctrl-C to stop")
        assert query_hello(url) == "hello you"

        source.write_text(good.replace("hello {name}", "good day, {name}"))
        running.read_until("resolvers/hello.py changed")
        running.read_until("Loaded")
        assert query_hello(url) == "good day, you"

        source.write_text(f"{good}\ndef broken(:\n")
        running.read_until("resolvers/hello.py changed")
        running.read_until("The last good version keeps serving")
        assert "resolvers/hello.py:16: invalid syntax" in running.log
        assert query_hello(url) == "good day, you"

        code, seconds = running.end(signal.SIGINT)
        assert (code, seconds < 30) == (0, True)
