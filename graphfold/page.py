"""`Page`: some rows of a longer list, as a backend gave them. Adapters return it; connections are made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

__all__ = ["Page"]

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Page(Generic[T_co]):
    """Consecutive rows of one list.

    `total` counts the whole list and `more` says whether rows follow: None where the backend does not tell.
    `cursors` are the backend's own, one for each row. A backend that may give fewer rows than it was asked for
    although the list has them must tell `total` or `more`.
    """

    items: list[T_co]
    total: int | None = None
    cursors: list[str] | None = None
    more: bool | None = None
