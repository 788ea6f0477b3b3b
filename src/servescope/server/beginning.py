"""What a server begins with. Made by `runtime`; any part may need it."""

import socket
from pathlib import Path

from msgspec import Struct, field

from servescope.config.settings import Settings
from servescope.logs.setup import Logs


class Beginning(Struct, frozen=True):
    """`environ` is what workers inherit; `workspace` where archives are unpacked; `cwd` where the key file goes.

    `hostname` is the value of every Hostname label.
    """

    settings: Settings
    logs: Logs
    environ: dict[str, str]
    workspace: Path
    cwd: Path
    hostname: str = field(default_factory=socket.gethostname)
