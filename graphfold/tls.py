"""TLS to one backend from files: whom to trust and what to sign in with. A file that changes is read again."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import structlog

from graphfold.secret import FileWatch, Secret

__all__ = ["TlsFiles", "default_context"]

_log = structlog.get_logger("graphfold")


class TlsFiles:
    """PEM files, each optional: `ca` replaces the system's authorities, `certificate` with its chain and `key` sign in.

    The key may stand in the certificate's file. Raises OSError or ssl.SSLError where they cannot be used.
    """

    def __init__(
        self,
        ca: Path | None = None,
        certificate: Path | None = None,
        key: Path | None = None,
        password: Secret | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ca, self._certificate, self._key, self._password = ca, certificate, key, password
        self._watch = FileWatch(*(path for path in (ca, certificate, key) if path is not None), clock=clock)
        self._context = self._read()

    def __call__(self) -> ssl.SSLContext:
        """The context for a new connection."""
        if self._watch.due and self._watch.changed():
            try:
                self._context = self._read()
            except OSError as error:  # a certificate and its key are replaced one after the other
                _log.warning("certificate unusable, the last one stays in use", reason=error.strerror)
        return self._context

    def _read(self) -> ssl.SSLContext:
        context = _context(self._ca)
        if self._certificate is not None:  # without a password at hand, OpenSSL would ask at the terminal
            password = self._password.text if self._password is not None else ""
            context.load_cert_chain(self._certificate, self._key, lambda: password)
        return context


@cache
def default_context() -> ssl.SSLContext:
    """The system's authorities. Reading them takes time, so it is done for the first call only."""
    return _context(None)


def _context(ca: Path | None) -> ssl.SSLContext:
    """Names are checked, always."""
    context = ssl.create_default_context(cafile=ca)
    context.set_alpn_protocols(["http/1.1"])
    return context
