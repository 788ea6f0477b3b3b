"""`servescope top`: what the console shows, in a terminal.

In: where the server is. Out: once, a screen's worth of text or JSON; else an app, which needs the extra `top`. Run by `cli.main`.
"""

import json
import sys
from typing import Annotated

import typer

from servescope.cli.help.typed import examples
from servescope.cli.options import CaFile, Token
from servescope.cli.top.asking import Asking, drawn
from servescope.errors import ConfigurationError

Url = Annotated[
    str | None,
    typer.Option(
        "--url",
        metavar="URL",
        help="Metrics address, as http://host:port. Default: the running server's, else the one in the configuration.",
    ),
]


@examples("servescope top", "servescope top --once", "servescope top --url http://gpu7:8082 --json")
def top(
    url: Url = None,
    once: Annotated[bool, typer.Option("--once", help="Print one screen's worth of text, and end.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the overview as JSON, and end.")] = False,
    token: Token = None,
    ca_file: CaFile = None,
) -> None:
    """Watch a server in the terminal: models, what is wrong, workers, failures."""
    asking = Asking(url, token, ca_file)
    if as_json:
        print(json.dumps(asking.overview(), indent=2))
    elif once:
        from servescope.cli.tables import console
        from servescope.cli.top.pictures import overview

        console().print(drawn(overview, asking.overview()))
    else:
        _watch(asking)


def _watch(asking: Asking) -> None:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise ConfigurationError("servescope top needs a terminal; --once and --json do without")
    try:
        from servescope.cli.top.app import Top
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "textual":
            raise
        raise ConfigurationError(
            "servescope top needs Textual: pip install 'textual>=6'; --once and --json do without"
        ) from None
    Top(asking).run()
