"""Data that the users of a soak change, and the values it may have while the outcome of a change is unknown."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["AnyVersion", "Reservations", "Versions"]


@dataclass(frozen=True)
class AnyVersion:
    """A value equal to any version from the first on, later ones that appear while the answer is under way included."""

    history: list[str]
    first: int

    def __eq__(self, other: object) -> bool:
        return other in self.history[self.first :]

    def __hash__(self) -> int:
        return id(self.history)


class Versions:
    """The names of one customer, oldest first. After a successful change no query may read an older name.

    After a failed change both names are possible, since either the request or only its reply may have been lost.
    """

    def __init__(self, name: str) -> None:
        self._history, self._settled = [name], 0

    def now(self) -> AnyVersion:
        """Return the names that an answer to a query sent now may have."""
        return AnyVersion(self._history, self._settled)

    def tried(self, name: str) -> None:
        """Add a name that a change has been sent for."""
        self._history.append(name)

    def done(self) -> None:
        """Settle on the name that was tried last."""
        self._settled = len(self._history) - 1


@dataclass
class Reservations:
    """The reserved quantity of one SKU, to which each write adds one and is sent at most once."""

    sku: str
    before: int
    tried: int = 0
    done: int = 0

    def problems(self, after: int) -> list[str]:
        least, most = self.before + self.done, self.before + self.tried
        return [] if least <= after <= most else [f"{after} pieces of {self.sku} are reserved, not {least} to {most}"]
