"""The id of a request: its client's own, or a new UUID. Taken by `exchange` for every request, and by all that speak of one."""

import re
import secrets
from collections.abc import Iterator
from itertools import count

_CLIENT_ID = re.compile(rb"[\x20-\x7e]{1,128}\Z")
_ENDINGS = [f"{number:03x}" for number in range(0x1000)]


def uuids(seed: str) -> Iterator[str]:
    """UUIDs' texts from 32 hexadecimal digits: most of these are in each, the last twelve are where counting begins.

    `uuid.uuid4` takes twenty times as long.
    """
    head = f"{seed[:8]}-{seed[8:12]}-4{seed[13:16]}-a{seed[17:20]}-"
    for block in count(int(seed[20:29], 16)):
        start = f"{head}{block & 0xFFFFFFFFF:09x}"
        for ending in _ENDINGS:
            yield start + ending


_ids = uuids(secrets.token_hex(16))


def new_request_id() -> str:
    """A UUID of version 4: random for this process, then counted up."""
    return next(_ids)


def given_or_new_id(given: bytes) -> str:
    """What a client gave as its request's id, where that is 1 to 128 printable characters; else a new one. b"": it gave none."""
    return given.decode("ascii") if given and _CLIENT_ID.match(given) else next(_ids)
