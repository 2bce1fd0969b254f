"""The resources that a leak would show in: this process's tasks, file descriptors and memory."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from graphfold.testing import FaultProxy

__all__ = ["Resources", "resources_in_use"]

_PROC = Path("/proc/self")


@dataclass(frozen=True)
class Resources:
    """`descriptors` and `memory` (resident, in bytes) are 0 where there is no /proc."""

    tasks: int
    descriptors: int
    memory: int


PER_LINK = 3
"""Tasks, and also descriptors, of one connection through a proxy: they belong to the test and vary."""


def resources_in_use(proxies: Iterable[FaultProxy] = ()) -> Resources:
    """Return what is in use, without what belongs to connections through these proxies."""
    gc.collect()
    links = PER_LINK * sum(proxy.open for proxy in proxies)
    return Resources(len(asyncio.all_tasks()) - links, _descriptors() - links, _memory())


def _descriptors() -> int:
    return len(list((_PROC / "fd").iterdir())) if _PROC.exists() else 0


def _memory() -> int:
    pages = int((_PROC / "statm").read_text().split()[1]) if _PROC.exists() else 0
    return pages * os.sysconf("SC_PAGE_SIZE") if pages else 0
