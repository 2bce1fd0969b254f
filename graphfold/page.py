"""`Page`: consecutive rows of a longer list. Adapters return pages, and connections are made of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

__all__ = ["Page"]

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Page(Generic[T_co]):
    """Consecutive rows of one list.

    `total` counts the whole list and `more` says whether rows follow; each is None where the backend does not say.
    `cursors` are the backend's own, one for each row. A backend that may return fewer rows than requested although
    the list has them must give `total` or `more`.
    """

    items: list[T_co]
    total: int | None = None
    cursors: list[str] | None = None
    more: bool | None = None
