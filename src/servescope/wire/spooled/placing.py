"""A batch whose large bodies do not travel: how a worker on this machine is told where they lie, and what it makes of that.

`fleet.backends.process` says it, `wire.blocking` takes it in: from there on it is a batch as any other, with its bodies beside it.
The front end keeps their memory until the batch is answered (`lent`). What cannot be read all the same costs that one request
(`Unread`).
"""

import os
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from servescope.wire.frames import Buffer
from servescope.wire.messages import Batch, Request, ToWorker
from servescope.wire.spooled.body import Attachment, Spooled

_OWN: Final = "/proc/{}/fd/{}"


class Place(Struct, array_like=True):
    """Where a body lies that does not travel: `length` bytes from `offset` on of what `path` names on the worker's machine. `at`:
    where it belongs among the batch's attachments, if all of them lay end to end.
    """

    at: int
    path: str
    offset: int
    length: int


class Placed(Struct, array_like=True, tag="placed"):
    """A batch, of whose attachments not all travel beside it. `size`: bytes of all of them; `places` ascend."""

    batch: Batch
    size: int
    places: list[Place]


ToChannel = ToWorker | Placed  # a session sees no more of the last than a batch


def placed(message: ToWorker, attachments: Sequence[Attachment]) -> tuple[ToWorker | Placed, Sequence[Buffer]]:
    """What is said in place of a message, and what of its attachments travels beside it."""
    places: list[Place] = []
    beside: list[Buffer] = []
    at = 0
    for each in attachments:
        if isinstance(each, Spooled):
            path = _OWN.format(os.getpid(), each.descriptor)
            places.append(Place(at, path, each.offset, len(each)))
        else:
            beside.append(each)
        at += len(each)
    if places and isinstance(message, Batch):
        return Placed(message, at, places), beside
    return message, beside


def gather(told: Placed, beside: bytearray) -> tuple[Batch, bytearray, list[tuple[int, str]]]:
    """A batch with its bodies as if they had travelled beside it; and which requests it is without, by their place, and why."""
    body = bytearray(told.size)
    unread: dict[int, str] = {}
    position = taken = 0
    with memoryview(body) as into, memoryview(beside) as came:
        for place in told.places:
            gap = place.at - position
            into[position : place.at] = came[taken : taken + gap]
            taken += gap
            position = place.at + place.length
            try:
                _read(place, into[place.at : position])
            except OSError as error:
                unread[place.at] = str(error)
        into[position:] = came[taken:]
    if not unread:
        return told.batch, body, []
    return _without(told.batch, body, unread)


def _read(place: Place, view: memoryview) -> None:
    """Fill `view` with what lies there. Raises OSError."""
    descriptor = os.open(place.path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        offset = place.offset
        while view:
            count = os.preadv(descriptor, [view], offset)
            if not count:
                raise OSError(f"{place.path} ends {len(view)} bytes before its end")
            offset += count
            view = view[count:]
    finally:
        os.close(descriptor)


def _without(
    batch: Batch, body: bytearray, unread: Mapping[int, str]
) -> tuple[Batch, bytearray, list[tuple[int, str]]]:
    """`unread`: why, by where in the body."""
    kept: list[Request] = []
    rest = bytearray()
    lost: list[tuple[int, str]] = []
    end = 0
    for index, request in enumerate(batch.requests):
        start = end
        end += sum(field.data for field in request.fields if isinstance(field.data, int))
        why = next((why for at, why in unread.items() if start <= at < end), None)
        if why is None:
            kept.append(request)
            rest += memoryview(body)[start:end]
        else:
            lost.append((index, why))
    return replace(batch, requests=kept), rest, lost
