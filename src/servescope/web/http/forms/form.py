"""What a body that says it is a form has in it, and which bodies say so. Made by `reading`, `urlencoded` and `multipart`."""

from msgspec import Struct, field

from servescope.web.http.bodies import mime_of
from servescope.wire.spooled.body import Spooled

MULTIPART = b"multipart/form-data"
URLENCODED = b"application/x-www-form-urlencoded"
FORM_TYPES = frozenset((MULTIPART, URLENCODED))


class Form(Struct):
    """`fields`: name → MIME type ("" for text fields) and bytes. `repeated`: names that came more than once; the last counts.

    `doubt`: why the body is no form, whatever its type says; "" where it is one.
    """

    fields: dict[str, tuple[str, bytes | Spooled]] = field(default_factory=dict)
    repeated: list[str] = field(default_factory=list)
    doubt: str = ""

    def put(self, name: str, kind: str, data: bytes | Spooled) -> None:
        """One more field."""
        if name in self.fields and name not in self.repeated:
            self.repeated.append(name)
        self.fields[name] = (kind, data)


def is_form(content_type: bytes) -> bool:
    """Whether a body of this type is to be taken apart into fields. Multipart without a boundary cannot be."""
    mime = mime_of(content_type)
    return mime in FORM_TYPES and (mime != MULTIPART or b"boundary" in content_type.lower())
