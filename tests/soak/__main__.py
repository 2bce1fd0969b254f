"""`python -m tests.soak [SECONDS [SEED]]`: soak the reference graph and print a report."""

from __future__ import annotations

import asyncio
import logging
import sys

import structlog

from tests.soak.soak import WORST, soak


def main(arguments: list[str]) -> int:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    seconds, seed = [*arguments, *("600", "1")[len(arguments) :]]
    report = asyncio.run(soak(float(seconds), int(seed)))
    print(report, *report.problems[:20], sep="\n")  # noqa: T201  # a command's output
    return int(bool(report.problems) or not report.ratio <= WORST)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
