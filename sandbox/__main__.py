"""`python -m sandbox`: runs the six backends until a signal, or until the parent is gone."""

from __future__ import annotations

import argparse
import asyncio
import errno
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence

from sandbox.company import Settings
from sandbox.server import running


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    try:
        asyncio.run(_serve(options))
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        why = "the port is taken" if taken else error.strerror
        print(f"sandbox: cannot listen on {options.host}:{options.port}: {why}", file=sys.stderr)
        print("sandbox: choose another with --port or --host; --port 0 takes a free one", file=sys.stderr)
        return 1
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=_whole(0, 65535), default=8001, help="0 takes a free one (default: 8001)")
    parser.add_argument("--customers", type=_whole(1, 1_000_000), default=Settings.customers, help="(default: 2000)")
    parser.add_argument("--marketing-delay", type=float, default=Settings.marketing_delay, metavar="SECONDS")
    parser.add_argument("--shop-rate", type=_whole(1, 10**9), default=Settings.shop_rate, metavar="REQUESTS_A_MINUTE")
    parser.add_argument("--with-parent", action="store_true", help="end when stdin does, as it does with the parent")
    return parser.parse_args(arguments)


def _whole(low: int, high: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        value = int(text)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"must be {low} to {high}")
        return value

    return number


async def _serve(options: argparse.Namespace) -> None:
    ended = _ending(options.with_parent)
    settings = Settings(options.customers, options.marketing_delay, shop_rate=options.shop_rate)
    async with running(settings, host=options.host, port=options.port) as sandbox:
        print(json.dumps({"ready": True, "url": sandbox.url}), flush=True)
        await ended.wait()


def _ending(with_parent: bool) -> asyncio.Event:
    """Return an event that SIGINT, SIGTERM and, if `with_parent`, the end of stdin set."""
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, ended.set)
    if with_parent:
        threading.Thread(target=_watch_stdin, args=(loop, ended), daemon=True).start()
    return ended


def _watch_stdin(loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
    while os.read(0, 4096):
        pass
    loop.call_soon_threadsafe(ended.set)


if __name__ == "__main__":
    sys.exit(main())
