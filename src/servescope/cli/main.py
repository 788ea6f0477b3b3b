"""The entry point: `servescope COMMAND …`.

In: `sys.argv`. Out: an exit status: 0, 1 for an error of this project (one line on standard error), 2 for a command
line that makes no sense. `start` and `llm` go past Typer, whose import a server would pay for; the other commands
import what they need when they run.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from servescope.errors import ServescopeError


def main() -> None:
    """The console script."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command; its exit status."""
    try:
        if arguments[:1] == ["start"]:
            from servescope.cli.start import start

            return start(arguments[1:], os.environ, Path.cwd())
        if arguments[:1] == ["llm"]:
            from servescope.cli.llm.command import llm

            return llm(arguments[1:], os.environ, Path.cwd())
        from servescope.cli.app import build_app

        build_app()(args=list(arguments), prog_name="servescope")
    except ServescopeError as error:
        print(f"servescope: {error.message}", file=sys.stderr)
        return 1
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


if __name__ == "__main__":
    main()
