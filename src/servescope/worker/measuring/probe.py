"""The probe: a thread that tells the front end of the handler's prometheus_client metrics whenever it asks.

Started by `worker.__main__`, at once where prometheus_client is imported already, otherwise when the handler, or what it
uses, looks for it: a finder that finds nothing stands first among the interpreter's, so that nobody has to look after
each batch, an import in the midst of a long request counts, and a worker without prometheus_client has neither a thread
nor anything to do per request. Answers come from `worker.measuring.exposure`, whatever the worker's main thread is busy with.
"""

import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

import msgspec

from servescope.wire.exposed import ANSWER_LIMIT, PIECE_LIMIT, Answer, Exposed, Hello
from servescope.wire.frames import encode
from servescope.worker.measuring.exposure import Exposure
from servescope.worker.measuring.registries import Registries

LIBRARY = "prometheus_client"
# What the library registers by itself, and the front end shows for itself.
_DEFAULTS = ("PROCESS_COLLECTOR", "PLATFORM_COLLECTOR", "GC_COLLECTOR")
# A thread that computes keeps the handler's waiting for up to 5 ms each time that it comes back from a system call;
# after so many seconds the probe therefore stands aside for so many.
_TURN_S = 0.001
_ASIDE_S = 0.0001


class Probe:
    """Watches for prometheus_client, then answers questions on `connection` until the front end closes it."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._encode = msgspec.msgpack.Encoder().encode
        self._starting = threading.Lock()

    def watch(self) -> None:
        """Begin, now or when the library is looked for."""
        if LIBRARY in sys.modules:
            self._start()
        else:
            sys.meta_path.insert(0, self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None, /
    ) -> ModuleSpec | None:
        """A finder's method: takes notice, and leaves the finding to the others."""
        del path, target
        if fullname == LIBRARY:
            self._start()
        return None

    def _start(self) -> None:
        # Never released, so that there is one thread. The finder stays too: others may be going through the list.
        if not self._starting.acquire(blocking=False):
            return
        try:
            threading.Thread(target=self._run, name="servescope-probe", daemon=True).start()
        except RuntimeError as error:  # no room for a thread, or the interpreter is on its way out
            print(f"The metrics of {LIBRARY} are not passed on: {error}", file=sys.stderr)

    def _run(self) -> None:
        exposure, registries = Exposure(), Registries()
        try:
            self._connection.sendall(encode(Hello()))
            while self._connection.recv(1):
                library = sys.modules.get(LIBRARY)
                skipped = [getattr(library, name, None) for name in _DEFAULTS]
                self._answer(exposure.pieces(registries.of(library), skipped))
        except OSError:
            pass  # the front end has gone, or the handler has closed what is not its own

    def _answer(self, pieces: Iterator[Exposed]) -> None:
        """Send all there is, up to the limit."""
        size = 0
        frames = bytearray()
        began = time.perf_counter()
        for piece in pieces:
            body = self._encoded(piece)
            size += len(body)
            if size > ANSWER_LIMIT:
                frames += _frame(self._encode(Exposed([], [f"there are more than {ANSWER_LIMIT} bytes of it"])))
                break
            frames += _frame(body)
            if time.perf_counter() - began >= _TURN_S:
                self._connection.sendall(frames)
                frames.clear()
                time.sleep(_ASIDE_S)
                began = time.perf_counter()
        self._connection.sendall(frames + _frame(b"", last=True))

    def _encoded(self, piece: Exposed) -> bytes:
        try:
            body = self._encode(piece)
            if len(body) <= PIECE_LIMIT:
                return body
            why = f"a few series take {len(body)} bytes"
        except Exception as error:  # text that is no Unicode
            why = type(error).__name__
        names = ", ".join(ascii(family.name) for family in piece.families)
        return self._encode(Exposed([], [f"{names[:100]} cannot be sent: {why}"]))


def _frame(body: bytes, *, last: bool = False) -> bytearray:
    return encode(Answer(len(body), last), [body]) + body
