"""Renders an explanation as a tree in 80 columns: response paths on the left, backend operations on the right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from textwrap import wrap

from rich.text import Text

from graphfold.explain.explanation import CacheUse, CallCount, ExplainedStep, Explanation, KeySource

__all__ = ["explanation_lines"]

WIDTH = 80
_LABEL = 9
_GAP = "  "


def explanation_lines(explanation: Explanation) -> Iterator[Text]:
    """Yield the lines of an explanation: headline, tree, warnings and legend."""
    yield from _headline(explanation)
    if explanation.steps:
        yield Text()
        yield from _Tree(explanation).lines()
        for warning in explanation.warnings:
            yield Text()
            yield Text().append("N+1 ", "bold yellow").append(warning.path, "bold")
            yield from _paragraph(warning.message, indent="  ")
            yield from _paragraph(f"Fix: {warning.fix}", indent="  ")
            yield Text(f"  {warning.where}", "dim")
        yield Text()
        yield from _legend(explanation)


def _headline(explanation: Explanation) -> Iterator[Text]:
    yield Text(f"{explanation.kind} {explanation.name or ''}".rstrip(), "bold")
    count = len(explanation.backends)
    if count:
        total = f"{_calls(explanation.calls)} to {count} backend{'s'[: count != 1]}"
        rounds = explanation.rounds
        yield from _paragraph(
            f"{total}, in {rounds} rounds: each round waits for the previous one." if rounds > 1 else f"{total}."
        )
    else:
        yield from _paragraph("No backend is called.")
    for backend in explanation.backends:
        if backend.token:
            yield from _paragraph(f"{backend.name}: 1 more call to sign in, unless its token is still valid.")
    if explanation.reason:
        yield from _paragraph(f"Run by graphql-core, not as a plan: {explanation.reason}.", "yellow")


class _Tree:
    """The steps with columns as wide as their longest entry. A path too long for its column has a line of its own."""

    def __init__(self, explanation: Explanation) -> None:
        self._steps = explanation.steps
        steps = list(explanation.walk())
        self._all = {step.number: step for step in steps}
        self._names = max((len(step.name) for step in steps), default=0)
        self._protocols = max((len(step.protocol) for step in steps), default=0)
        self._counts = max((len(_calls(step.calls)) for step in steps), default=0)
        self._left = WIDTH - self._names - self._protocols - self._counts - 3 * len(_GAP)

    def lines(self) -> Iterator[Text]:
        for step in self._steps:
            yield from self._step(step, "", "", "")

    def _step(self, step: ExplainedStep, branch: str, indent: str, parent: str) -> Iterator[Text]:
        """Yield a step and its children.

        `branch` is drawn in front of the step's first line, `indent` in front of the others. `parent` is the path of
        the step above, which is left out of this one's.
        """
        path = step.path.removeprefix(f"{parent}.") if parent and step.path != parent else step.path
        path = "then" if step.path == parent else path
        shown = f"{path} on {step.only_on}" if step.only_on else path
        yield from self._row(step, branch, shown, indent)
        inner = indent + ("│  " if step.steps else "   ")
        for label, text in self._details(step):
            for line in wrap(text, WIDTH - len(inner) - _LABEL):
                yield Text(inner + label.ljust(_LABEL) + line, "dim")
                label = ""  # noqa: PLW2901 - only the first line has the label
        for child in step.steps:
            last = child is step.steps[-1]
            yield from self._step(
                child, indent + ("└─ " if last else "├─ "), indent + ("   " if last else "│  "), step.path
            )

    def _row(self, step: ExplainedStep, branch: str, path: str, indent: str) -> Iterator[Text]:
        left = Text().append(branch, "dim").append(path, "bold")
        if len(left) > self._left:  # the columns go to a second line, below the path
            yield left
            left = Text().append(indent + "│  " if step.steps else indent, "dim")
        left.pad_right(self._left - len(left))
        name, protocol = step.name.ljust(self._names), step.protocol.ljust(self._protocols)
        count = _calls(step.calls).rjust(self._counts)
        style = "yellow" if step.warning else "" if step.calls else "dim"
        yield left.append(_GAP + name, "cyan").append(_GAP + protocol, "dim").append(_GAP + count, style)

    def _details(self, step: ExplainedStep) -> Iterator[tuple[str, str]]:
        if step.key is not None:
            yield "key", _key(step, step.key)
        if step.only_key:
            yield "no call", "only the key is selected"
        elif step.because != [step.field]:
            yield "needed", f"for {_fields(step.because)}; the key alone needs no call"
        elif step.fetches:
            yield "fields", _fields(step.fetches)
        if step.known_from is not None:
            earlier = self._all[step.known_from]
            yield "shared", f"with {earlier.path} ({earlier.name}): its results are reused"
        if step.cache is not None and step.key is None:
            yield "cached", _cache_time(step.cache)
        if step.fallback is not None:
            yield "fallback", f"{step.fallback}, if the backend fails"
        if step.operation is None:
            yield "unknown", "the resolver passes its backend on, so its calls cannot be read from the code"


def _key(step: ExplainedStep, key: KeySource) -> str:
    """Return, for example, `Product.sku, at most 300; 1,000 a call; cached 5 s`."""
    parts = [f"{key.source}, at most {key.most:,}" if key.most > 1 else key.source]
    if step.call_per_key:
        parts.append("one a call")
    elif key.most > 1 and not step.only_key:
        parts.append(f"{key.batch:,} a call")
    if step.cache is not None and not step.only_key:
        parts.append(f"cached {_cache_time(step.cache)}")
    return "; ".join(parts)


def _cache_time(cache: CacheUse) -> str:
    viewers = "" if cache.share == "public" else " for each viewer"
    return f"{cache.ttl:g} s{viewers}" + (f", {cache.held:,} now" if cache.held else "")


def _fields(names: list[str]) -> str:
    """Return `Type.field` names grouped by type, for example `name, email of Customer`."""
    types: dict[str, list[str]] = {}
    for name in names:
        owner, _, field = name.partition(".")
        types.setdefault(owner, []).append(field)
    return "; ".join(f"{', '.join(fields)} of {owner}" for owner, fields in types.items())


def _calls(calls: CallCount) -> str:
    if calls.most is None:
        return f"{calls.least:,} calls or more" if calls.least else "calls unknown"
    if calls.most == 0:
        return "no call"
    least = "" if calls.least == calls.most else f"{calls.least:,} {'or' if calls.most - calls.least == 1 else 'to'} "
    return f"{least}{calls.most:,} call{'s'[: calls.most != 1]}"


def _legend(explanation: Explanation) -> Iterator[Text]:
    sentences = []
    if explanation.serial:
        sentences.append("The fields of a mutation run one after another. Steps below a step wait for it.")
    elif len(list(explanation.walk())) > 1:
        sentences.append("Steps below a step wait for it. Steps side by side run at the same time.")
    sentences.append("Empty lists and cached results need fewer calls.")
    if explanation.counted:
        lists = ", ".join(explanation.counted)
        sentences.append(
            f"Lists without a page size are counted as {explanation.per_list} items; they may have more: {lists}."
        )
    for sentence in sentences:
        yield from _paragraph(sentence, "dim")


def _paragraph(text: str, style: str = "", indent: str = "") -> Iterable[Text]:
    return [Text(line, style) for line in wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent)]
