"""Hatch's build hook: bundles the console's pages before a wheel, an editable one too, or a source archive is built.

Called by hatchling. A build on a machine that cannot bundle them goes on without, with a warning, unless
SERVESCOPE_REQUIRE_CONSOLE is set.
"""

import os
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PagesHook(BuildHookInterface):  # type: ignore[type-arg]
    """Makes `src/servescope/console/bundle/`, which pyproject.toml names as an artifact."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  # hatchling passes them
        """Bundle. RuntimeError where that fails and is required."""
        pages = _build_pages()
        try:
            self.app.display_info(pages.build())
        except pages.NoBundleError as error:
            if pages.required(os.environ):
                message = f"{pages.REQUIRED} is set, and the console's pages were not bundled: {error}"
                raise RuntimeError(message) from error
            self.app.display_warning(f"Built without the console's pages, and /console will say so: {error}")


def _build_pages() -> ModuleType:
    """The module beside this one: hatchling runs this file by its path, so there is no package to import it from."""
    spec = spec_from_file_location("build_pages", Path(__file__).resolve().with_name("build_pages.py"))
    if spec is None or spec.loader is None:
        raise RuntimeError("console/build_pages.py is missing")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
