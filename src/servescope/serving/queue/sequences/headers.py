"""What a request says of its sequence: in, its headers; out, `Asked`. Asked by `queue` for each request.

Names are TorchServe's (ts_header_key_sequence_id, _start and _end); what the server has put among its own comes first, as for the
handler (`worker.requests.processor`).
"""

from collections.abc import Mapping
from typing import Final, NamedTuple
from uuid import uuid4

from msgspec import Struct

from servescope.errors import BadRequest
from servescope.wire.messages import Request

UNNAMED: Final = "ts-seq-"
LONGEST: Final = 1024


class Asked(NamedTuple):
    """`id` "": the request names no sequence. `starts`: a new one begins with it, whatever was before. `ends`: it is the last."""

    id: str
    starts: bool = False
    ends: bool = False

    @property
    def begins(self) -> str:
        """How a sequence begins with it, where one does: one of SEQUENCE_BEGINNINGS."""
        return "started" if self.starts else "implied" if self.id else "unnamed"


class SequenceHeaders(Struct, frozen=True):
    """The names of the three headers."""

    id: str = "ts_request_sequence_id"
    start: str = "ts_request_sequence_start"
    end: str = "ts_request_sequence_end"

    def renamed(self) -> dict[str, str]:
        """Variables that tell handlers of names which are not TorchServe's; `worker.handler.context` reads them."""
        usual = SequenceHeaders()
        names = {"ID": (self.id, usual.id), "START": (self.start, usual.start), "END": (self.end, usual.end)}
        return {f"TS_REQUEST_SEQUENCE_{which}": name for which, (name, known) in names.items() if name != known}

    def read(self, request: Request) -> Asked:
        """What the request says; of a header that is there more than once, the last.

        Raises:
            BadRequest: its id is longer than LONGEST.
        """
        name = _value(request, self.id)
        if len(name) > LONGEST:
            raise BadRequest(f"{self.id} has {len(name)} characters; at most {LONGEST} are an id")
        return Asked(name, _is_true(_value(request, self.start)), _is_true(_value(request, self.end)))

    def name(self, request: Request) -> Asked:
        """Give a request that names no sequence one of its own, as TorchServe does; its handler sees it."""
        name = f"{UNNAMED}{uuid4()}"
        request.extra = {**request.extra, self.id: name, self.start: "true"}
        return Asked(name, starts=True, ends=_is_true(_value(request, self.end)))

    def ended_by(self, headers: Mapping[str, str]) -> list[str]:
        """The sequences that the handler ends, as the headers of its answer say: ids with `;` between."""
        value = headers.get(self.end) or next(
            (headers[name] for name in headers if name.lower() == self.end.lower()), ""
        )
        return [name for part in value.split(";") if (name := part.strip())]


def _value(request: Request, name: str) -> str:
    if name in request.extra:
        return request.extra[name]
    wanted = name.lower().encode("latin-1", "replace")
    for wire, value in reversed(request.headers):
        if wire.lower() == wanted:
            return value.decode("latin-1").strip()
    return ""


def _is_true(value: str) -> bool:
    return value.lower() == "true"
