"""Prints for the commands: answers on stdout, everything else on stderr, in colour only on a terminal."""

from __future__ import annotations

from rich.console import Console

__all__ = ["Stop", "complain", "err", "out"]

# `soft_wrap`: rich would otherwise break lines at the terminal's width, even inside a URL, and at 80 columns in a pipe.
# `markup=False`: messages contain brackets, such as [tool.graphfold], which rich would take for styles.
out = Console(highlight=False, soft_wrap=True, markup=False)
err = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)


class Stop(Exception):
    """Ends the command with a message on stderr and an exit code: 1 if it failed, 2 if it was called wrongly."""

    def __init__(self, message: str, *, fix: str | None = None, code: int = 1) -> None:
        super().__init__(f"{message}\n  Fix: {fix}" if fix else message)
        self.code = code


def complain(message: object) -> None:
    """Print one problem on stderr."""
    err.print("graphfold:", str(message), style="red")
