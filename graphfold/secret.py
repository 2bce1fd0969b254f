"""A secret as this process holds it: it does not print, and one that came from a file follows the file."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import structlog

__all__ = ["FileSecret", "FileWatch", "Secret", "looks_secret", "names_secret", "path_of", "value_of"]

_log = structlog.get_logger("graphfold")

_PAUSE = 1.0
"""Seconds for which a file is not looked at again."""

_TELLING = re.compile(
    r"(?i:bearer|basic) (?=\S*[0-9=])\S{8,}$|-----BEGIN|[spr]k[-_](live|test|proj)[-_]|gh[a-z]_\w{16}|github_pat_"
    r"|glpat-|xox[a-z]-|eyJ[\w-]{10}|AKIA[0-9A-Z]{12}|AIza[\w-]{20}"
)
_NAMED = re.compile(r"(^|_)(token|password|passphrase|secret|secret_key|api_?key|private_key|credentials?)$")
_WORD = re.compile(r"[A-Za-z0-9_+=.~-]{20,}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|-")
_TURN = re.compile(r"[0-9](?=[A-Za-z])|[A-Za-z](?=[0-9])")


class Secret:
    """The value of a variable."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    @property
    def text(self) -> str:
        return self._text

    def reread(self) -> None:
        """Look for a new value now: the one in use was refused."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(***)"


class FileWatch:
    """Tells when one of some files has changed. It looks at most once a second, by time, size and inode.

    Raises OSError when it is made for a file that is not there; one that goes later has not changed.
    """

    __slots__ = ("_clock", "_due", "_paths", "_seen")

    def __init__(self, *paths: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._paths, self._clock = paths, clock
        self._seen, self._due = self._versions(), clock() + _PAUSE

    @property
    def due(self) -> bool:
        return self._clock() >= self._due

    def changed(self) -> bool:
        """Whether there is something new since this was last asked."""
        self._due = self._clock() + _PAUSE
        try:
            seen, self._seen = self._seen, self._versions()
        except OSError:
            return False
        return seen != self._seen

    def _versions(self) -> list[tuple[int, int, int]]:
        states = [path.stat() for path in self._paths]  # links are followed: orchestrators replace those
        return [(state.st_mtime_ns, state.st_size, state.st_ino) for state in states]


class FileSecret(Secret):
    """One line in a file, read again when the file has changed. `variable` names it in the log.

    A file that cannot be used any more leaves the last value in use: files are replaced in two steps by those who know
    no better. Raises OSError or ValueError when it is first read.
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


def value_of(variable: str, environment: Mapping[str, str], problems: list[str]) -> Secret | None:
    """A variable, or the file that its like with `_FILE` names. What is wrong is added to `problems`, a line each."""
    text, path = environment.get(variable), environment.get(f"{variable}_FILE")
    if text and path:
        problems.append(f"{variable} and {variable}_FILE are both set; set one of them.")
    elif path:
        return _from_file(f"{variable}_FILE", path, problems)
    if text and not _one_line(text):
        problems.append(f"{variable} has a control character in it (a line break?); it has to be one line of text.")
    return Secret(text) if text else None


def _from_file(variable: str, path: str, problems: list[str]) -> Secret | None:
    """Never shows the path: it may well be the secret itself in the wrong variable."""
    try:
        return FileSecret(Path(path), variable)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        problems.append(f"{variable} names a file that cannot be used: {reason}.")
        return None


def path_of(variable: str, environment: Mapping[str, str], problems: list[str]) -> Path | None:
    """A file that is read elsewhere. Never shows the path, as above."""
    if not (text := environment.get(variable)):
        return None
    try:
        with Path(text).open("rb"):
            return Path(text)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no path"
        problems.append(f"{variable} names a file that cannot be used: {reason}.")
        return None


def _one_line(text: str) -> bool:
    return not any(ord(character) < 32 or ord(character) == 127 for character in text)


def looks_secret(value: object) -> bool:
    """Whether it is a text like a key or a token: by what issuers put in front, or by being long and random.

    Names have digits, too, but in one place or two (`StockServiceSoap12Port`), and a UUID names something.
    """
    if not isinstance(value, str):
        return False
    if _TELLING.match(value):
        return True
    return bool(_WORD.fullmatch(value)) and len(_TURN.findall(value)) >= 5 and not _UUID.fullmatch(value)


def names_secret(name: str) -> bool:
    """Whether a text under this name could hardly be anything but a secret."""
    return bool(_NAMED.search(_HUMP.sub("_", name).lower()))


def _read(path: Path) -> str:
    """Raises OSError, or ValueError with what is wrong, in words that show nothing of it."""
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
