"""Which bodies a worker was told of and has not answered. Held by the worker's link (`fleet.backends.link`), as long as it lives.

Its message may lie in a buffer, and the worker may come to it late, whatever has become of the request meanwhile: timed out,
cancelled, its client gone, its model unregistered. So the memory stays where the worker was told that it is until the worker has
answered that batch; and where it ends without an answer, the memory is not used again (`memory`).
"""

from collections.abc import Sequence

from servescope.wire.spooled.body import Attachment, Spooled


class Lent(dict[int, list[Spooled]]):
    """Bodies by their batch's id. It is true while there are any, which costs those nothing that have none."""

    def lend(self, batch_id: int, attachments: Sequence[Attachment]) -> None:
        """The worker is told where those of a batch lie that do not travel."""
        self[batch_id] = bodies = [each for each in attachments if isinstance(each, Spooled)]
        for body in bodies:
            body.tell()

    def answered(self, batch_id: int) -> None:
        """It has answered: it had read all of them before."""
        for body in self.pop(batch_id, ()):
            body.answered()
