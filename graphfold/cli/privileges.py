"""`graphfold backends --privileges`: as whom each operation calls, with what, and what it has to be allowed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import groupby

from graphfold.adapter.base import Adapter
from graphfold.cli.terminal import out
from graphfold.graph.privileges import Privilege, privileges

__all__ = ["tell_privileges"]


def tell_privileges(adapters: Iterable[type[Adapter]], *, as_json: bool) -> None:
    found = privileges(adapters)
    if as_json:
        out.print_json(json.dumps({"privileges": [asdict(each) for each in found]}), highlight=out.is_terminal)
        return
    for _, of_backend in groupby(found, key=lambda privilege: privilege.backend):
        for line in _lines(list(of_backend)):
            out.print(line)


def _lines(of_backend: list[Privilege]) -> Iterator[str]:
    first = of_backend[0]
    read = f", read from {', '.join(first.variables)}" if first.variables else ""
    yield f"{first.backend} as the {first.identity}: {first.credential}{read}"
    if first.propagates:
        yield f"  passes on {', '.join(first.propagates)}"
    for each in of_backend:
        yield f"    {each.kind:<6} {each.operation:<20} {each.scope or 'all that the credential may do'}"
