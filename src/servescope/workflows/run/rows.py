"""What a node is given: the answers of the nodes before it in, the fields of its row out (contract, section H). Pure."""

from collections.abc import Mapping, Sequence

from servescope.serving.queue.job import Piece
from servescope.wire.frames import INLINE_LIMIT
from servescope.wire.messages import Field
from servescope.wire.spooled.body import Attachment

Row = tuple[list[Field], Sequence[Attachment]]

_BODY = "body"


def row_of(answers: Mapping[str, Piece]) -> Row:
    """The fields, and the bodies that travel beside the message: one answer is the `body`, several go by their nodes' names."""
    fields, attachments = [], []
    for node, answer in answers.items():
        name = node if len(answers) > 1 else _BODY
        if len(answer) > INLINE_LIMIT:
            attachments.append(answer)
            fields.append(Field(name, "", len(answer)))
        else:
            fields.append(Field(name, "", bytes(answer)))
    return fields, attachments


def size_of(row: Row) -> int:
    """Bytes of all its values."""
    return sum(field.data if isinstance(field.data, int) else len(field.data) for field in row[0])
