"""`--hypothesis-profile=fuzz`: more random queries than a test run has time for, other ones each time."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("fuzz", max_examples=1_500, derandomize=False, print_blob=True)
