"""What every kind of session is given, and has at hand: the channel, the handler, and how answers are written."""

from msgspec import Struct, field

from servescope.wire.blocking import BlockingChannel
from servescope.wire.messages import Writing
from servescope.worker.handler.context import Context
from servescope.worker.handler.loader import LoadedHandler


class Terms(Struct, frozen=True):
    """`decode`: bodies are decoded as their type says. `answer_limit`, `writing`: as in `Load`."""

    channel: BlockingChannel
    handler: LoadedHandler
    context: Context
    decode: bool
    answer_limit: int = 0
    writing: Writing = field(default_factory=Writing)


class AnySession:
    """Subclasses serve. They have the terms as attributes, which the path of a request reads."""

    def __init__(self, terms: Terms) -> None:
        self._channel = terms.channel
        self._entry = terms.handler.entry
        self._context = terms.context
        self._decode = terms.decode
        self._answer_limit = terms.answer_limit
        self._writing = terms.writing
