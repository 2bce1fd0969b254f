"""Build the TLS context of one backend from certificate files, and rebuild it when they change."""

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
    """PEM files, each optional: `ca` replaces the system's authorities; `certificate` (with its chain)
    and `key` sign in.

    The key may be in the certificate's file. Raises OSError or ssl.SSLError if they cannot be used.
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
        """Return the context for a new connection."""
        if self._watch.due and self._watch.changed():
            try:
                self._context = self._read()
            except OSError as error:  # a certificate and its key are replaced one after the other
                _log.warning("certificate unusable, the last one stays in use", reason=error.strerror)
        return self._context

    def _read(self) -> ssl.SSLContext:
        context = _context(self._ca)
        if self._certificate is not None:  # without a password function OpenSSL prompts at the terminal
            password = self._password.text if self._password is not None else ""
            context.load_cert_chain(self._certificate, self._key, lambda: password)
        return context


@cache
def default_context() -> ssl.SSLContext:
    """Return a context with the system's authorities, read once since that takes time."""
    return _context(None)


def _context(ca: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca)  # verifies host names, too
    context.set_alpn_protocols(["http/1.1"])
    return context
