"""The part of a graph that `explain` uses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import strawberry

from graphfold.adapter.base import Adapter
from graphfold.declarations import Declarations
from graphfold.loading.scope import SharedResources
from graphfold.operation.documents import Documents
from graphfold.settings import Settings

__all__ = ["Explainable"]


class Explainable(Protocol):
    """A graph whose operations can be explained. `runtime` is None while the graph is not running."""

    @property
    def schema(self) -> strawberry.Schema: ...
    @property
    def documents(self) -> Documents: ...
    @property
    def settings(self) -> Settings: ...
    @property
    def adapters(self) -> Sequence[type[Adapter]]: ...
    @property
    def declarations(self) -> Declarations: ...
    @property
    def runtime(self) -> SharedResources | None: ...
