"""Builds the GraphiQL page into the wheel. Editable installs skip it: a checkout runs `make assets`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PageHook(BuildHookInterface):  # type: ignore[type-arg]
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version != "standard":
            return
        script = Path(self.root, "frontend", "build.py")
        if subprocess.run([sys.executable, str(script)], check=False).returncode:
            self.app.abort("The wheel was not built: it would be without GraphiQL.")
        build_data["artifacts"].append("/graphfold/server/static/")
