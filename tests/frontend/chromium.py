"""A headless Chromium driven over the DevTools protocol through a pipe: no port, no driver program, no library."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

Message = dict[str, Any]
Send = Callable[[str, Message, str], Awaitable[Message]]

FLAGS = (
    "--headless=new",
    "--remote-debugging-pipe",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--no-sandbox",  # root and most containers cannot have one; only our own pages are opened
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1400,900",
)
LARGEST_MESSAGE = 2**26  # bytes, enough for a screenshot


def find_chromium() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CHROME") or next(filter(None, map(shutil.which, names)), None)


class BrowserGone(Exception):
    """The browser ended before it answered a command."""


class Tab:
    """One page: its requests (method and URL), its `complaints` (errors and failed requests), and commands to it."""

    def __init__(self, send: Send, session: str) -> None:
        self._send = send
        self._session = session
        self.requests: list[tuple[str, str]] = []
        self.complaints: list[str] = []
        self._loaded = asyncio.Event()

    async def call(self, method: str, **parameters: Any) -> Message:
        return await self._send(method, parameters, self._session)

    async def open(self, url: str) -> None:
        for domain in ("Page", "Runtime", "Log", "Network"):
            await self.call(f"{domain}.enable")
        self._loaded.clear()
        await self.call("Page.navigate", url=url)
        await self._loaded.wait()

    async def evaluate(self, expression: str) -> Any:
        """Return the JSON value of a JavaScript expression; a promise is awaited."""
        answer = await self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise AssertionError(answer["exceptionDetails"])
        return answer["result"].get("value")

    async def wait_for(self, expression: str, seconds: float = 30) -> Any:
        """Return the first truthy value of an expression, which is evaluated once a frame."""
        look = f"const look = () => {{ const seen = {expression}; seen ? done(seen) : requestAnimationFrame(look) }}"
        try:
            async with asyncio.timeout(seconds):
                return await self.evaluate(f"new Promise((done) => {{ {look}; look(); }})")
        except TimeoutError:
            text = await self.evaluate("document.body.innerText")
            raise AssertionError(f"never true: {expression}\n{self.complaints}\n{text}") from None

    async def click(self, selector: str) -> None:
        """Click the element as soon as it is visible."""
        element = f"document.querySelector({json.dumps(selector)})"
        await self.wait_for(f"{element}?.checkVisibility()")
        await self.evaluate(f"{element}.click()")

    async def screenshot(self, file: Path) -> None:
        answer = await self.call("Page.captureScreenshot")
        file.write_bytes(base64.b64decode(answer["data"]))

    def note(self, method: str, event: Message) -> None:
        if method == "Page.loadEventFired":
            self._loaded.set()
        elif method == "Network.requestWillBeSent":
            self.requests.append((event["request"]["method"], event["request"]["url"]))
        elif method == "Runtime.exceptionThrown":
            details = event["exceptionDetails"]
            self.complaints.append(details.get("exception", {}).get("description", details["text"]))
        elif method == "Runtime.consoleAPICalled" and event["type"] in ("error", "assert"):
            self.complaints.append(" ".join(str(argument.get("value", argument)) for argument in event["args"]))
        elif method == "Log.entryAdded" and event["entry"]["level"] == "error":
            self.complaints.append(f"{event['entry']['text']} {event['entry'].get('url', '')}")


class Chromium:
    """The browser's end of the pipe: JSON messages, each closed by a NUL byte."""

    def __init__(self, replies: asyncio.StreamReader, commands: int) -> None:
        self._replies = replies
        self._commands = commands
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Message]] = {}
        self._tabs: dict[str, Tab] = {}

    async def new_tab(self) -> Tab:
        target = await self.send("Target.createTarget", {"url": "about:blank"})
        attached = await self.send("Target.attachToTarget", {"targetId": target["targetId"], "flatten": True})
        tab = self._tabs[attached["sessionId"]] = Tab(self.send, attached["sessionId"])
        return tab

    async def send(self, method: str, parameters: Message, session: str = "") -> Message:
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        os.write(self._commands, json.dumps(message | ({"sessionId": session} if session else {})).encode() + b"\0")
        return await answer

    async def listen(self) -> None:
        """Pass messages to their tabs and waiting commands until the browser ends."""
        with suppress(asyncio.IncompleteReadError):
            while True:
                self._receive(json.loads((await self._replies.readuntil(b"\0"))[:-1]))
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(BrowserGone())

    def _receive(self, message: Message) -> None:
        future = self._waiting.pop(message.get("id", 0), None)
        if future and not future.done():
            if "error" in message:
                future.set_exception(AssertionError(message["error"]))
            else:
                future.set_result(message["result"])
        elif tab := self._tabs.get(message.get("sessionId", "")):
            tab.note(message.get("method", ""), message.get("params", {}))


@asynccontextmanager
async def chromium(program: str) -> AsyncIterator[Chromium]:
    """Run a browser with a profile of its own; all its processes end with the block."""
    commands_end, commands = os.pipe()
    replies, replies_end = os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = await _start(program, profile, commands_end, replies_end)
        os.close(commands_end)
        os.close(replies_end)
        reader, transport = await _reader(replies)
        browser = Chromium(reader, commands)
        listener = asyncio.create_task(browser.listen())
        try:
            yield browser
        finally:
            with suppress(BrowserGone, BrokenPipeError):
                await browser.send("Browser.close", {})
            await listener
            await process.wait()
            transport.close()
            os.close(commands)


async def _start(program: str, profile: str, commands: int, replies: int) -> asyncio.subprocess.Process:
    """Start the browser. The protocol needs the pipes at descriptors 3 and 4, which a shell can arrange."""
    redirect = f'exec "$@" 3<&{commands} 4>&{replies}'
    command = ("bash", "-c", redirect, "bash", program, *FLAGS, f"--user-data-dir={profile}")
    quiet = asyncio.subprocess.DEVNULL
    return await asyncio.create_subprocess_exec(*command, pass_fds=(commands, replies), stdout=quiet, stderr=quiet)


async def _reader(descriptor: int) -> tuple[asyncio.StreamReader, asyncio.ReadTransport]:
    reader = asyncio.StreamReader(limit=LARGEST_MESSAGE)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb")
    )
    return reader, transport
