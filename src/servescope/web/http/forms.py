"""Bodies that say they are forms: taken apart into fields, or found to be something else.

In: a content type and the pieces of a body. Out: `Form`. Called by `inference.fields`. Nothing is kept.
"""

import re
from collections.abc import Sequence
from urllib.parse import unquote_to_bytes

from msgspec import Struct, field
from python_multipart import FormParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field as FormField
from python_multipart.multipart import File, parse_options_header

from servescope.errors import BadRequest
from servescope.web.http.bodies import mime_of
from servescope.web.http.spooled_forms import skeleton_of
from servescope.wire.spooled.body import Spooled, bytes_of

MULTIPART = b"multipart/form-data"
URLENCODED = b"application/x-www-form-urlencoded"
FORM_TYPES = frozenset((MULTIPART, URLENCODED))

# Forms' encoders write letters, digits and a few signs. Whoever writes one by hand is less strict, but not like this.
_NO_FORM = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_NO_NAME = re.compile(rb"[\"<>{}]|\S\s+\S")
# A file in base64, whose `=` fill it up: no field is called like this, and left empty. Short ones may be.
_BASE64 = re.compile(rb"(?:[\w+/-]{4}){8,}[\w+/-]{2}(?:==|[\w+/-]=)\s*")
# Why something is no form.
_NO_BOUNDARY = "the boundary that its type names is not in it"
_NO_SIGN = "it has no `=`"
_SIGNS = "it has control characters, which forms have encoded"
_DATA_URI = re.compile(rb"data:[\w.+-]+/[\w.+-]+[;,]")


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


def read_form(content_type: bytes, pieces: Sequence[bytes | Spooled]) -> Form:
    """A form's fields. Of a body that is `Spooled`, large parts stay where they are.

    Raises:
        BadRequest: a multipart body is broken.
    """
    urlencoded = mime_of(content_type) == URLENCODED
    (first, *rest) = pieces or (b"",)
    if isinstance(first, Spooled) and not rest:
        return _spooled_urlencoded(first) if urlencoded else _spooled_multipart(content_type, first)
    read = [bytes_of(piece) for piece in pieces]
    if urlencoded:
        return _urlencoded(b"".join(read))
    if _lacks_boundary(content_type, read):
        return Form(doubt=_NO_BOUNDARY)
    return _multipart(content_type, read)


def _spooled_urlencoded(body: Spooled) -> Form:
    """As `_urlencoded`. Curl says of any file that it is one: nearly all are told from forms without being read into memory."""
    names_one = has_signs = False
    for window in body.windows():
        names_one = names_one or b"=" in window
        has_signs = has_signs or _NO_FORM.search(window.rstrip(b"\r\n")) is not None
        if names_one and has_signs:
            return Form(doubt=_SIGNS)
    return _urlencoded(body.read()) if names_one else Form(doubt=_NO_SIGN)


def _spooled_multipart(content_type: bytes, body: Spooled) -> Form:
    boundary = _boundary_of(content_type)
    if body.read(0, 1) != b"-" and boundary and next(body.occurrences(b"--" + boundary), None) is None:
        return Form(doubt=_NO_BOUNDARY)
    skeleton = skeleton_of(body, boundary)
    form = _multipart(content_type, [skeleton.body])
    for name, (kind, data) in form.fields.items():
        form.fields[name] = (kind, skeleton.parts.get(bytes_of(data), data))
    return form


def _urlencoded(body: bytes) -> Form:
    """As TorchServe's decoder: a last name that no `=` follows is no field."""
    form = Form(doubt=_doubt(body))
    *firsts, last = body.split(b"&") if not form.doubt else [b""]
    for pair in [*firsts, last] if b"=" in last else firsts:
        name, _, value = (unquote_to_bytes(part.replace(b"+", b" ")) for part in pair.partition(b"="))
        if name:
            form.put(name.decode("utf-8", "replace"), "", value)
    if body and not form.fields and not form.doubt:
        form.doubt = "it names no field"
    return form


def _doubt(body: bytes) -> str:
    """Why this is no urlencoded form. An empty one is: it has no fields.

    JSON is told by its first name: what is before the first `=` or `&` of a JSON text has a quotation mark, or a brace.
    """
    if not body:
        return ""
    if b"=" not in body:
        return _NO_SIGN
    if _NO_FORM.search(body.rstrip(b"\r\n")):
        return _SIGNS
    try:
        body.decode()
    except UnicodeDecodeError:
        return "it has bytes that are no text, which forms have encoded"
    if _BASE64.fullmatch(body) or _DATA_URI.match(body):
        return "it is base64, or a data: URI"
    if _NO_NAME.search(re.split(b"[=&]", body, maxsplit=1)[0]):
        return "what is before its first `=` is no field's name"
    return ""


def _lacks_boundary(content_type: bytes, pieces: Sequence[bytes]) -> bool:
    """Whether something was sent without its parts' boundary anywhere. Nearly all begin with one, and are not searched."""
    if next(filter(None, pieces), b"-").startswith(b"-"):
        return False
    boundary = _boundary_of(content_type)
    return boundary != b"" and b"--" + boundary not in b"".join(pieces)


def _boundary_of(content_type: bytes) -> bytes:
    """b"" where it names none."""
    return parse_options_header(content_type)[1].get(b"boundary") or b""


def _multipart(content_type: bytes, pieces: Sequence[bytes]) -> Form:
    mime, options = parse_options_header(content_type)
    form = Form()

    def on_field(field: FormField) -> None:
        form.put((field.field_name or b"").decode("utf-8", "replace"), "", field.value or b"")

    def on_file(file: File) -> None:
        file.file_object.seek(0)
        kind = mime_of((file.content_type or "application/octet-stream").encode("latin-1", "replace"))
        name = (file.field_name or b"").decode("utf-8", "replace")
        form.put(name, kind.decode("latin-1"), file.file_object.read())
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
    # The parser and what it calls hold each other, and so would the fields until the garbage collector comes.
    fields, form.fields = form.fields, {}
    return Form(fields, form.repeated)
