"""A request's body taken apart into the fields that a handler is given.

Called by `inference` and `management`. What is large stays in the pieces it came in, and is never joined here.
"""

from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from python_multipart import FormParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field as FormField
from python_multipart.multipart import File, parse_options_header

from servescope.errors import BadRequest
from servescope.wire.frames import INLINE_LIMIT
from servescope.wire.messages import Field

FORM_TYPES = frozenset((b"multipart/form-data", b"application/x-www-form-urlencoded"))
_KEPT = 32  # content types: clients choose how long they are, up to the limit of a head


@lru_cache(maxsize=_KEPT)
def mime_of(content_type: bytes) -> bytes:
    """A content type without its parameters, in lower case."""
    return content_type.partition(b";")[0].strip().lower()


@lru_cache(maxsize=_KEPT)
def text_of(mime: bytes) -> str:
    """A MIME type as text."""
    return mime.decode("latin-1")


def raw_fields(mime: bytes, pieces: Sequence[bytes]) -> tuple[list[Field], Sequence[bytes]]:
    """The one field of a body that is no form, and the pieces that travel beside the message."""
    kind = text_of(mime)
    if len(pieces) == 1 and len(pieces[0]) <= INLINE_LIMIT:
        return [Field("body", kind, pieces[0])], ()
    if not pieces:
        return [Field("body", kind, b"")], ()
    return [Field("body", kind, sum(map(len, pieces)))], pieces


def is_form(content_type: bytes) -> bool:
    """Whether a body of this type is taken apart into fields. Multipart without a boundary cannot be."""
    mime = mime_of(content_type)
    return mime in FORM_TYPES and (mime != b"multipart/form-data" or b"boundary" in content_type.lower())


def form_fields(content_type: bytes, pieces: Sequence[bytes]) -> dict[str, tuple[str, bytes]]:
    """A form's fields: name → MIME type ("" for text fields) and bytes. Of a repeated name the last wins.

    Raises:
        BadRequest: the body is no form of its content type.
    """
    if mime_of(content_type) == b"application/x-www-form-urlencoded":
        return _urlencoded(b"".join(pieces))
    return _multipart(content_type, pieces)


def _urlencoded(body: bytes) -> dict[str, tuple[str, bytes]]:
    """As TorchServe's decoder: a last name that no `=` follows is no field."""
    found = {}
    *firsts, last = body.split(b"&")
    for pair in [*firsts, last] if b"=" in last else firsts:
        name, _, value = (unquote_to_bytes(part.replace(b"+", b" ")) for part in pair.partition(b"="))
        if name:
            found[name.decode("utf-8", "replace")] = ("", value)
    return found


def _multipart(content_type: bytes, pieces: Sequence[bytes]) -> dict[str, tuple[str, bytes]]:
    mime, options = parse_options_header(content_type)
    found: dict[str, tuple[str, bytes]] = {}

    def on_field(field: FormField) -> None:
        name = (field.field_name or b"").decode("utf-8", "replace")
        found[name] = ("", field.value or b"")

    def on_file(file: File) -> None:
        name = (file.field_name or b"").decode("utf-8", "replace")
        file.file_object.seek(0)
        kind = mime_of((file.content_type or "application/octet-stream").encode("latin-1", "replace"))
        found[name] = (kind.decode("latin-1"), file.file_object.read())
        file.close()

    try:
        parser = FormParser(
            mime.decode("latin-1"),
            on_field,
            on_file,
            boundary=options.get(b"boundary"),
            config={"MAX_MEMORY_FILE_SIZE": 2**31},
        )
        for piece in pieces:
            parser.write(piece)
        parser.finalize()
    except FormParserError as error:
        raise BadRequest(f"Malformed {mime.decode('latin-1', 'replace')} body: {error}") from error
    return found


def message_fields(values: dict[str, tuple[str, bytes]]) -> tuple[list[Field], list[bytes]]:
    """Named values as the message's fields and the attachments that travel beside it."""
    fields = []
    attachments = []
    for name, (kind, data) in values.items():
        if len(data) > INLINE_LIMIT:
            attachments.append(data)
            fields.append(Field(name, kind, len(data)))
        else:
            fields.append(Field(name, kind, data))
    return fields, attachments
