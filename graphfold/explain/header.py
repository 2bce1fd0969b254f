"""What a developer may see of how a request is answered: `Graphfold-Explain: plan, trace` puts it into the answer."""

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
    """For one request: `extensions` once it has been answered. Make it before anything runs; time counts from there."""

    def __init__(
        self,
        explain: Callable[..., Explanation],
        wanted: str,
        query: str,
        variables: Mapping[str, Any] | None,
        operation_name: str | None,
    ) -> None:
        words = {word.strip().lower() for word in wanted.split(",")}
        self._plan: dict[str, Any] | None = None
        if "plan" in words:
            with suppress(ExplainError):  # the answer will say why
                self._plan = explain(query, variables, operation_name).json()
        self.trace = Trace() if "trace" in words else None

    @property
    def extensions(self) -> dict[str, Any]:
        plan = {"plan": self._plan} if self._plan is not None else {}
        return plan | ({"trace": self.trace.json()} if self.trace is not None else {})
