"""What a handler says of sequences in its answers: in, an answer on its way to its client; out, which sequences it ends.

And whether a client is told that there is none, as the worker is gone: one that has left hears of nothing.

Stands between a job and its client (`serving.queue.job.Client`) where the model keeps sequences. Put there by `queue`.
"""

from collections.abc import Callable, Mapping

from servescope.errors import ServescopeError, WorkerFailed
from servescope.serving.queue.job import Client, Piece
from servescope.serving.queue.sequences.headers import SequenceHeaders
from servescope.serving.queue.sequences.sequence import Sequence


class HandlersWord:
    """Passes on to `client`, and tells `ended` after the answer is on its way. `sequence`: that of the request."""

    def __init__(
        self, client: Client, sequence: Sequence, headers: SequenceHeaders, ended: Callable[[list[str]], None]
    ) -> None:
        self._client = client
        self._sequence = sequence
        self._headers = headers
        self._ended = ended

    def answered(self, status: int, headers: Mapping[str, str], body: Piece) -> None:
        """See `Client`."""
        self._client.answered(status, headers, body)
        self._hear(headers)

    def streamed(self, status: int, headers: Mapping[str, str], piece: Piece, final: bool) -> None:
        """See `Client`."""
        self._client.streamed(status, headers, piece, final)
        self._hear(headers)

    def failed(self, error: ServescopeError) -> None:
        """See `Client`."""
        self._client.failed(error)
        if isinstance(error, WorkerFailed):
            self._sequence.told = True

    def _hear(self, headers: Mapping[str, str]) -> None:
        if headers and (names := self._headers.ended_by(headers)):
            self._ended(names)
