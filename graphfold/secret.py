"""Hold secrets so that they do not print; a secret from a file is read again when the file changes."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import structlog

__all__ = ["FileSecret", "FileWatch", "Secret", "is_secret_name", "looks_like_secret", "read_path", "read_secret"]

_log = structlog.get_logger("graphfold")

_CHECK_INTERVAL = 1.0
"""Seconds between two checks of a file."""

_ISSUER_PREFIXES = re.compile(
    r"(?i:bearer|basic) (?=\S*[0-9=])\S{8,}$|-----BEGIN|[spr]k[-_](live|test|proj)[-_]|gh[a-z]_\w{16}|github_pat_"
    r"|glpat-|xox[a-z]-|eyJ[\w-]{10}|AKIA[0-9A-Z]{12}|AIza[\w-]{20}"
)
_SECRET_NAMES = re.compile(r"(^|_)(token|password|passphrase|secret|secret_key|api_?key|private_key|credentials?)$")
_WORD = re.compile(r"[A-Za-z0-9_+=.~-]{20,}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_WORD_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|-")
_LETTER_DIGIT_CHANGE = re.compile(r"[0-9](?=[A-Za-z])|[A-Za-z](?=[0-9])")


class Secret:
    """A secret text. `repr` does not show it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    @property
    def text(self) -> str:
        return self._text

    def reread(self) -> None:
        """Check for a new value now, because the backend refused the one in use."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(***)"


class FileWatch:
    """Detects changes of some files by time, size and inode, at most once a second.

    Raises OSError at construction for a missing file. A file that disappears later counts as unchanged.
    """

    __slots__ = ("_clock", "_due", "_paths", "_seen")

    def __init__(self, *paths: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._paths, self._clock = paths, clock
        self._seen, self._due = self._versions(), clock() + _CHECK_INTERVAL

    @property
    def due(self) -> bool:
        return self._clock() >= self._due

    def changed(self) -> bool:
        """Return whether a file has changed since the last call."""
        self._due = self._clock() + _CHECK_INTERVAL
        try:
            seen, self._seen = self._seen, self._versions()
        except OSError:
            return False
        return seen != self._seen

    def _versions(self) -> list[tuple[int, int, int]]:
        states = [path.stat() for path in self._paths]  # follows links: Kubernetes updates a secret by replacing a link
        return [(state.st_mtime_ns, state.st_size, state.st_ino) for state in states]


class FileSecret(Secret):
    """A secret in a one-line file, read again when the file changes. `variable` names it in the log.

    If the file becomes unusable the last value stays in use, since not every tool replaces a file atomically. Raises
    OSError or ValueError when it is first read.
    """

    __slots__ = ("_path", "_variable", "_watch")

    def __init__(self, path: Path, variable: str = "", clock: Callable[[], float] = time.monotonic) -> None:
        self._path, self._variable, self._watch = path, variable, FileWatch(path, clock=clock)
        super().__init__(_read(path))

    @property
    def text(self) -> str:
        if self._watch.due:
            self.reread()
        return self._text

    def reread(self) -> None:
        if not self._watch.changed():
            return
        try:
            self._text = _read(self._path)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            _log.warning("secret file unusable, the last value stays in use", variable=self._variable, reason=reason)


def read_secret(variable: str, environment: Mapping[str, str], problems: list[str]) -> Secret | None:
    """Return the secret in a variable, or in the file that the variable with `_FILE` names.

    Problems are added to `problems`, a line each.
    """
    text, path = environment.get(variable), environment.get(f"{variable}_FILE")
    if text and path:
        problems.append(f"{variable} and {variable}_FILE are both set; set one of them.")
    elif path:
        try:
            return FileSecret(Path(path), f"{variable}_FILE")
        except (OSError, ValueError) as error:  # the message leaves out the path: it may be a misplaced secret
            reason = error.strerror if isinstance(error, OSError) else str(error)
            problems.append(f"{variable}_FILE names a file that cannot be used: {reason}.")
            return None
    if text and not _one_line(text):
        problems.append(f"{variable} has a control character in it (a line break?); it has to be one line of text.")
    return Secret(text) if text else None


def read_path(variable: str, environment: Mapping[str, str], problems: list[str]) -> Path | None:
    """Return the path in a variable after checking that the file can be opened. Messages never show the path."""
    if not (text := environment.get(variable)):
        return None
    try:
        with Path(text).open("rb"):
            return Path(text)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not a path"
        problems.append(f"{variable} names a file that cannot be used: {reason}.")
        return None


def _one_line(text: str) -> bool:
    return not any(ord(character) < 32 or ord(character) == 127 for character in text)


def looks_like_secret(value: object) -> bool:
    """Return whether a value looks like a key or token: it has an issuer's prefix, or it is long and random.

    Random means at least five changes between letters and digits: names have one or two (`StockServiceSoap12Port`). A
    UUID is taken for an identifier.
    """
    if not isinstance(value, str):
        return False
    if _ISSUER_PREFIXES.match(value):
        return True
    return bool(_WORD.fullmatch(value)) and len(_LETTER_DIGIT_CHANGE.findall(value)) >= 5 and not _UUID.fullmatch(value)


def is_secret_name(name: str) -> bool:
    """Return whether a field of this name holds a secret, such as `api_key` or `accessToken`."""
    return bool(_SECRET_NAMES.search(_WORD_BOUNDARY.sub("_", name).lower()))


def _read(path: Path) -> str:
    """Read a secret. Raise OSError, or ValueError with a message that shows nothing of the content."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8 text") from None
    text = text.removesuffix("\n").removesuffix("\r")
    if not text.strip():
        raise ValueError("it is empty")
    if not _one_line(text):
        raise ValueError("it has a control character in it (a line break?)")
    return text
