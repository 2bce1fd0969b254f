"""What users of a soak change, and what may be true of it while nobody knows whether a change was made."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["OneOf", "Reservations", "Versions"]


@dataclass(frozen=True)
class OneOf:
    """Equal to each of the versions from one of them on, those included that come while the answer is on its way."""

    history: list[str]
    first: int

    def __eq__(self, told: object) -> bool:
        return told in self.history[self.first :]

    def __hash__(self) -> int:
        return id(self.history)


class Versions:
    """The names of one customer, oldest first. Whoever asks after a change was answered reads no older one.

    After a change that failed either may be true: it was lost, or its reply was.
    """

    def __init__(self, name: str) -> None:
        self._history, self._settled = [name], 0

    def now(self) -> OneOf:
        """What an answer may say that is asked for now."""
        return OneOf(self._history, self._settled)

    def tried(self, name: str) -> None:
        self._history.append(name)

    def done(self) -> None:
        """The last that was tried is true."""
        self._settled = len(self._history) - 1


@dataclass
class Reservations:
    """Pieces of one SKU, reserved one at a time by writes that are sent at most once."""

    sku: str
    before: int
    tried: int = 0
    done: int = 0

    def problems(self, after: int) -> list[str]:
        least, most = self.before + self.done, self.before + self.tried
        return [] if least <= after <= most else [f"{after} pieces of {self.sku} are reserved, not {least} to {most}"]
