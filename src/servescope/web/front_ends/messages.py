"""What a front end and the owner say to each other, as msgspec structs encoded by position.

Owner → front end: `Terms` first; then `Answer`, or `Begun`, `Piece`s and `Ended` or `Broken`, to what was `Asked`; `Told` to what
was `Refused`; `Ask`, `Abort`, `Look`, `Renew`, `Back`; at last `Stop`.
Front end → owner: `Ready` once it takes connections; then `Joined`, `Asked` or `Refused`, `Wrote` or `Taking`, and `Gone`, of each.
Answers over `frames.INLINE_LIMIT` travel beside the message: then it has their length. Large requests' bodies go by the `shelf`.

Connections have numbers, which a front end deals out and never twice. In a connection only one request is in the owner's hands.
"""

from msgspec import Struct
from msgspec.msgpack import Decoder

from servescope.web.http.request import Request
from servescope.wire.frames import INLINE_LIMIT, Buffer


class Terms(Struct, array_like=True, tag=0):
    """How it is to serve. `body_limit`: bytes; `header_s`, `body_s`: see `Patience`; certificate and key, PEM, none for no TLS;
    `busy_poll`: whether it may wait awake.
    """

    body_limit: int
    header_s: float
    body_s: float
    certificate: bytes = b""
    private_key: bytes = b""
    busy_poll: bool = False


class Answer(Struct, array_like=True, tag=1):
    """A whole answer as its client gets it; `beside`: bytes of it that travel beside the message. `close`: then the connection."""

    connection: int
    data: bytes
    beside: int
    close: bool


class Begun(Struct, array_like=True, tag=2):
    """An answer in chunks begins; see `taker.Asker.start_chunks`."""

    connection: int
    head: bytes
    close: bool


class Piece(Struct, array_like=True, tag=3):
    """One of its chunks."""

    connection: int
    body: bytes | int


class Ended(Struct, array_like=True, tag=4):
    """It is whole."""

    connection: int


class Broken(Struct, array_like=True, tag=5):
    """It will never be whole; see `taker.Asker.break_off`."""

    connection: int
    words: bytes


class Told(Struct, array_like=True, tag=6):
    """How a request is refused: header lines and body, or plainly."""

    connection: int
    words: tuple[bytes, bytes] | None


class Ask(Struct, array_like=True, tag=11):
    """Say (`Drained`) as soon as the client takes more than what it was sent so far."""

    connection: int


class Abort(Struct, array_like=True, tag=7):
    """End the connection at once."""

    connection: int


class Look(Struct, array_like=True, tag=8):
    """Say how things are (`Census`): each second, so that one that hangs is noticed, and before a scrape."""


class Renew(Struct, array_like=True, tag=9):
    """Another certificate and key, for the connections to come."""

    certificate: bytes
    private_key: bytes


class Back(Struct, array_like=True, tag=12):
    """The owner has let go of a body, by its number on the shelf. `reusable`: nobody reads its memory any more."""

    body: int
    reusable: bool


class Stop(Struct, array_like=True, tag=10):
    """Take no more connections, close those that there are, and end."""


class Ready(Struct, array_like=True, tag=0):
    """It takes connections."""


class Joined(Struct, array_like=True, tag=1):
    """A client is connected; `client`: its host and port, None on a Unix socket."""

    connection: int
    client: tuple[str, int] | None
    secure: bool


class Asked(Struct, array_like=True, tag=2):
    """A whole request. `beside`: lengths of its body's pieces, where these travel beside the message; or the one length of a body
    that lies on the shelf (`shelf`). `wrote`: as in `Wrote`, which this would else come behind.
    """

    connection: int
    request: Request
    beside: list[int] | int = []
    wrote: list[float] = []


class Refused(Struct, array_like=True, tag=3):
    """What the connection answers by itself, as soon as the owner has said how (`Told`); without its body."""

    connection: int
    request: Request


class Left(Struct, array_like=True, tag=4):
    """A whole request whose client left before its turn. `beside` as in `Asked`."""

    request: Request
    beside: list[int] | int = []


class Gone(Struct, array_like=True, tag=5):
    """The connection has ended. Comes once, after whatever was said of it."""

    connection: int


class Drained(Struct, array_like=True, tag=7):
    """Its client takes more; after `Ask`."""

    connection: int


class Wrote(Struct, array_like=True, tag=8):
    """The answers that came first among those that were not told of yet were handed to the system, at these monotonic seconds."""

    at: list[float]


class Taking(Struct, array_like=True, tag=13):
    """As `Wrote`, of one answer, but for a part that waits here for its client to take it (`Taken`)."""

    connection: int
    at: float


class Taken(Struct, array_like=True, tag=14):
    """The connection's client has taken it, or nearly. Does not come where it has `Gone` before."""

    connection: int


class Census(Struct, array_like=True, tag=9):
    """How things are: connections by phase, processor time in seconds since its start, that of it which was waiting awake, resident
    memory in bytes.
    """

    phases: dict[str, int]
    cpu_s: float
    polled_s: float
    memory_bytes: int


class Closed(Struct, array_like=True, tag=10):
    """It ended a connection; see `clients.Recorder.closed`."""

    reason: str


class AcceptFailed(Struct, array_like=True, tag=11):
    """It can take no further connection for now; see `clients.Recorder.accept_failed`."""

    reason: str


class Said(Struct, array_like=True, tag=12):
    """A line for the log."""

    logger: str
    level: int
    text: str


ToFrontEnd = Terms | Answer | Begun | Piece | Ended | Broken | Told | Ask | Abort | Look | Renew | Back | Stop
OfRequests = Asked | Refused | Left | Wrote | Taking | Taken
FromFrontEnd = Ready | Joined | OfRequests | Gone | Drained | Census | Closed | AcceptFailed | Said


def to_front_end() -> "Decoder[list[ToFrontEnd]]":
    """Reads what the owner says, as a `FrameWriter` has gathered it."""
    return Decoder(list[ToFrontEnd])


def from_front_end() -> "Decoder[list[FromFrontEnd]]":
    """Reads what a front end says, as a `FrameWriter` has gathered it."""
    return Decoder(list[FromFrontEnd])


def placed(body: bytes | memoryview) -> tuple[bytes | int, tuple[Buffer, ...]]:
    """A body as a message has it, and what travels beside that."""
    if len(body) > INLINE_LIMIT:
        return len(body), (body,)
    return bytes(body) if isinstance(body, memoryview) else body, ()
