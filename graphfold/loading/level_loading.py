"""Define what execution needs of a batch to load the keys of a whole level in one call.

`graphfold.execution` finds the batch of a link by its name on an adapter; this is the type of what it finds.
"""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

from graphfold.loading.load import Loader

__all__ = ["AdapterSource", "LevelBatch"]

A = TypeVar("A")


class AdapterSource(Protocol):
    """The context of an operation, as far as execution knows it: it gives each adapter class its one instance."""

    def adapter(self, kind: type[A], /) -> A: ...


class LevelBatch(Protocol):
    """A batch operation without arguments beside its keys. Keys and values are the author's, of any type."""

    @property
    def key_attribute(self) -> str | None:
        """The attribute of its rows that is, to the letter, the key they were loaded by; None if there is none."""
        ...

    def canonical_keys(self, keys: list[Any], /) -> list[Any]:
        """Return the keys, each in the one way in which it is written. Raise for what cannot be a key."""
        ...

    def needs_only_key(self) -> bool:
        """Return whether the operation selects nothing of the rows but their key."""
        ...

    def of_key(self, key: Any, /) -> object:
        """Return the graph object of which only the key is known."""
        ...

    def level_loader(self) -> Loader[Any] | None:
        """Return the loader of these keys; None where loads are not gathered by level."""
        ...

    def required_value(self, answer: Any, key: Any, /) -> object:
        """Return the value of an answer. Raise the key's error, `NotFound` where there is no value."""
        ...

    def optional_value(self, answer: Any, key: Any, /) -> object:
        """Return the value of an answer, None where there is no value. Raise the key's error."""
        ...
