"""`python -m bench.plots`: draws how the cost of a query grows, into docs/. Needs matplotlib: `make bench-plots`."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl  # pyright: ignore[reportMissingImports]  # there only while `make bench-plots` runs
from matplotlib import pyplot as plt  # pyright: ignore[reportMissingImports]

from bench.growth import Line, by_objects, by_types
from bench.programs import ROOT

DOCS = ROOT / "docs"
COLOURS = {"graphfold": "#0b6e4f", "graphql-core": "#b3541e"}
STYLES = {"known": "-", "first": "--", "validate": "--"}


def draw(name: str, figure: Any) -> None:
    figure.tight_layout()
    figure.savefig(DOCS / f"{name}.svg", metadata={"Date": None})
    plt.close(figure)


def objects(lines: Sequence[Line]) -> None:
    """Milliseconds a query, and microseconds for each object."""
    figure, (whole, each) = plt.subplots(1, 2, figsize=(9, 3.6))
    plans = lines[0]
    whole.plot(plans.at, plans.milliseconds, "o-", color=_colour(plans))
    whole.set(title="graphfold: one query", xlabel="objects in the answer", ylabel="ms", xlim=0, ylim=0)
    for line in lines:
        shares = [taken * 1e3 / count for count, taken in zip(line.at, line.milliseconds, strict=True)]
        each.plot(line.at, shares, "o-", color=_colour(line), label=line.name)
    each.set(title="each object", xlabel="objects in the answer", ylabel="us", xscale="log", yscale="log")
    for axis in (each.xaxis, each.yaxis):
        axis.set_major_formatter("{x:,g}")
    each.legend(frameon=False)
    draw("cost-by-objects", figure)


def types(lines: Sequence[Line]) -> None:
    figure, plot = plt.subplots(figsize=(9, 3.6))
    for line in lines:
        style = next((style for word, style in STYLES.items() if word in line.name), "-")
        plot.plot(line.at, line.milliseconds, f"o{style}", color=_colour(line), label=line.name)
    plot.set(title="one query in a larger and larger schema", xlabel="types in the schema", ylabel="ms")
    plot.set(xscale="log", ylim=0)
    plot.xaxis.set_major_formatter("{x:,g}")
    plot.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    draw("cost-by-types", figure)


def _colour(line: Line) -> str:
    return next(colour for name, colour in COLOURS.items() if line.name.startswith(name))


def main() -> None:
    mpl.use("svg")
    mpl.rcParams.update(
        {"svg.hashsalt": "graphfold", "svg.fonttype": "none", "axes.spines.top": False, "axes.spines.right": False}
    )
    gc.collect()
    gc.freeze()
    objects(asyncio.run(by_objects()))
    types(asyncio.run(by_types()))


if __name__ == "__main__":
    main()
