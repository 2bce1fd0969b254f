"""What a leak would show in: tasks, file descriptors, memory. Of this process, where the system tells."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from graphfold.testing import FaultProxy

__all__ = ["Vitals", "vitals"]

_PROC = Path("/proc/self")


@dataclass(frozen=True)
class Vitals:
    """`descriptors` and `memory` (resident, in bytes) are 0 where there is no /proc."""

    tasks: int
    descriptors: int
    memory: int


PER_LINK = 3
"""Tasks, and descriptors too, of a connection through a proxy of this process: they are the test's, and come and go."""


def vitals(proxies: Iterable[FaultProxy] = ()) -> Vitals:
    """Without what belongs to the connections through these proxies."""
    gc.collect()
    links = PER_LINK * sum(proxy.open for proxy in proxies)
    return Vitals(len(asyncio.all_tasks()) - links, _descriptors() - links, _memory())


def _descriptors() -> int:
    return len(list((_PROC / "fd").iterdir())) if _PROC.exists() else 0


def _memory() -> int:
    pages = int((_PROC / "statm").read_text().split()[1]) if _PROC.exists() else 0
    return pages * os.sysconf("SC_PAGE_SIZE") if pages else 0
