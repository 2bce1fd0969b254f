"""Serve the request header `Graphfold-Explain: plan, trace`, which adds both to the answer's extensions.

Only development mode looks at it: an explanation shows how the backends are called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from graphfold.explain.explainer import ExplainError
from graphfold.explain.explanation import Explanation
from graphfold.explain.trace import Trace

__all__ = ["HEADER", "ExplainHeader"]

HEADER = "graphfold-explain"


class ExplainHeader:
    """The header of one request. Make it before the operation runs, because the times of its trace begin here.

    `extensions` are complete when the operation has ended. Other words in the header are ignored.
    """

    def __init__(
        self,
        explain: Callable[..., Explanation],
        header: str,
        query: str,
        variables: Mapping[str, Any] | None,
        operation_name: str | None,
    ) -> None:
        words = {word.strip().lower() for word in header.split(",")}
        self._plan: dict[str, Any] | None = None
        if "plan" in words:
            with suppress(ExplainError):  # the answer has the same errors
                self._plan = explain(query, variables, operation_name).json()
        self.trace = Trace() if "trace" in words else None

    @property
    def extensions(self) -> dict[str, Any]:
        plan = {"plan": self._plan} if self._plan is not None else {}
        return plan | ({"trace": self.trace.json()} if self.trace is not None else {})
