"""What a worker's agent and the front end say to each other. The agent runs on the worker's machine and starts it there.

It makes three connections to the front end: `CONTROL`, which has the messages below, and `CHANNEL` and `PROBE`, which it hands
down to the worker in place of socket pairs. Each begins with a greeting, which the front end answers with `WELCOME` or by closing
it.

Front end → agent: `Ping` each second, `Look` before a scrape, `Watch` of one agent a machine, `End`.
Agent → front end: `Started` or `Ended`; then `Said`, `Measured`, `Used`, `Watched`, `Pong`; at last `Ended`.
"""

import hmac
import secrets
import struct
from enum import IntEnum

from msgspec import Struct

from servescope.wire.measured.update import MetricUpdate
from servescope.wire.messages import Measuring
from servescope.wire.secured.files import TlsFiles

WELCOME = b"\x06"
_MAGIC = b"SERVSCP1"
_GREETING = struct.Struct("<8sB16s32s")
GREETING_SIZE = _GREETING.size
# Seconds. A front end that says nothing for so long is gone, and with it the worker's reason to be; an agent that does so is cut
# off.
PING_S = 1.0
AGENT_PATIENCE_S = 20.0
FRONT_END_PATIENCE_S = 6.0


class Role(IntEnum):
    """What a connection is for."""

    CONTROL = 0
    CHANNEL = 1
    PROBE = 2


class Ticket(Struct, array_like=True, frozen=True):
    """What lets one worker in, once: `name` says which it is, and `secret` proves it."""

    name: bytes
    secret: bytes

    def admits(self, secret: bytes) -> bool:
        """Whether this is the secret; takes as long whatever it is."""
        return hmac.compare_digest(self.secret, secret)


def new_ticket() -> Ticket:
    """One that nobody can guess."""
    return Ticket(secrets.token_bytes(16), secrets.token_bytes(32))


def greeting(role: Role, ticket: Ticket) -> bytes:
    """What a connection begins with."""
    return _GREETING.pack(_MAGIC, role, ticket.name, ticket.secret)


def read_greeting(data: bytes) -> tuple[Role, Ticket]:
    """What a greeting of GREETING_SIZE bytes says.

    Raises:
        ValueError: it is none.
    """
    magic, role, name, secret = _GREETING.unpack(data)
    if magic != _MAGIC:
        raise ValueError(f"it begins with {magic!r}")
    return Role(role), Ticket(name, secret)


class Errand(Struct, array_like=True):
    """What an agent is started for: a worker for the front end at `host` and `port`, with a model in `model_dir`.

    `environment`: variables besides those that the agent has. `blacklist`: a pattern, "" for none, of variables that the worker
    does not get. `node`: what its machine is called among those that workers run on. `gpu_id`: what the handler sees, None on a
    CPU. `version`: the front end's own. `tls`: the files of the agent's machine, where its connections are encrypted.
    """

    host: str
    port: int
    ticket: Ticket
    version: str
    model_dir: str
    handler: str
    environment: dict[str, str]
    blacklist: str = ""
    node: str = ""
    gpu_id: int | None = None
    measuring: Measuring | None = None
    tls: TlsFiles | None = None


class Ping(Struct, array_like=True, tag="ping"):
    """`sent`: the front end's clock."""

    sent: float


class Look(Struct, array_like=True, tag="look"):
    """Tell what the worker has measured."""


class Watch(Struct, array_like=True, tag="watch"):
    """Tell every so many seconds what these collectors find on the machine; they are `metrics.collectors`' names."""

    collectors: list[str]
    interval_s: float


class End(Struct, array_like=True, tag="end"):
    """End the worker now, with everything it started."""


class Started(Struct, array_like=True, tag="started"):
    """The worker's process is there. `host` is the machine's name, `node` as in the errand; `model_dir` and `gpu_id` are what its
    load has to say there.
    """

    pid: int
    host: str
    node: str
    model_dir: str
    gpu_id: int | None


class Said(Struct, array_like=True, tag="said"):
    """The worker wrote lines."""

    stream: str
    lines: list[str]


class Measured(Struct, array_like=True, tag="measured"):
    """What the worker's handler has measured since it was last told; `last`: it is all that there is now.

    `clock`: the agent's now; that is the clock of the updates' `order`.
    """

    updates: list[MetricUpdate]
    clock: float
    last: bool


class Used(Struct, array_like=True, tag="used"):
    """What the worker's process and its descendants take: resident memory, and processor time so far; and memory of GPUs, by the
    label `device`.
    """

    memory_bytes: int
    cpu_s: float
    gpu_bytes: dict[str, int] = {}


class Watched(Struct, array_like=True, tag="watched"):
    """What each collector has found on the machine: family, label values and value of each series; and why some are lacking, ""
    where none is.
    """

    found: dict[str, tuple[list[tuple[str, tuple[str, ...], float]], str]]


class Pong(Struct, array_like=True, tag="pong"):
    """`sent` as in the ping; `clock`: the agent's."""

    sent: float
    clock: float


class Ended(Struct, array_like=True, tag="ended"):
    """There is no process any more, or never was one: then `why` says what was wrong. `status` as in `fleet.launch`."""

    status: int
    why: str = ""


ToAgent = Ping | Look | Watch | End
FromAgent = Started | Said | Measured | Used | Watched | Pong | Ended
