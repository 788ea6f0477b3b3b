"""Bodies of multipart/form-data, taken apart into fields (RFC 7578).

In: the content type, which names the boundary, and a whole body. Out: `Form`. Called by `reading`. The parser is a library's.
"""

from python_multipart.multipart import MultipartParser, parse_options_header

from servescope.errors import BadRequest
from servescope.web.http.bodies import mime_of
from servescope.web.http.forms.encodings import undone
from servescope.web.http.forms.form import Form
from servescope.web.http.forms.skeleton import skeleton_of
from servescope.wire.spooled.body import Spooled, bytes_of

_NO_BOUNDARY = "the boundary that its type names is not in it"


def read_multipart(content_type: bytes, body: bytes) -> Form:
    """Its fields.

    Raises:
        BadRequest: it is broken.
    """
    boundary = _boundary_of(content_type)
    # Nearly all begin with one, and are not searched.
    if body and not body.startswith(b"-") and boundary and b"--" + boundary not in body:
        return Form(doubt=_NO_BOUNDARY)
    return _taken_apart(boundary, body)


def read_spooled_multipart(content_type: bytes, body: Spooled) -> Form:
    """As `read_multipart`; large parts stay where they are.

    Raises:
        BadRequest: it is broken.
    """
    boundary = _boundary_of(content_type)
    if body.read(0, 1) != b"-" and boundary and next(body.occurrences(b"--" + boundary), None) is None:
        return Form(doubt=_NO_BOUNDARY)
    skeleton = skeleton_of(body, boundary)
    form = _taken_apart(boundary, skeleton.body)
    for name, (kind, data) in form.fields.items():
        form.fields[name] = (kind, skeleton.parts.get(bytes_of(data), data))
    return form


def _boundary_of(content_type: bytes) -> bytes:
    """b"" where it names none."""
    return parse_options_header(content_type)[1].get(b"boundary") or b""


def _taken_apart(boundary: bytes, body: bytes) -> Form:
    if not body:
        return Form()
    parts = _Parts()
    try:
        if not boundary:
            raise ValueError("its type names no boundary")
        parts.parser(boundary).write(body)
        if parts.within:
            raise ValueError(f"it ends within {parts.within}")
    except ValueError as error:  # the parser's own errors are such
        raise BadRequest(f"Malformed multipart/form-data body: {error}") from error
    return parts.form


class _Parts:
    """What the parser finds. `within`: what is not at its end yet, "" where nothing would be lost."""

    def __init__(self) -> None:
        self.form = Form()
        self.within = "its first part"
        self._headers: dict[bytes, bytes] = {}
        self._header = b""
        self._data: list[bytes] = []
        self._name = ""
        self._kind = ""

    def parser(self, boundary: bytes) -> MultipartParser:
        """One that calls this. It is to be given all in one piece, so no header is."""
        return MultipartParser(
            boundary,
            {
                "on_header_field": self._header_name,
                "on_header_value": self._header_value,
                "on_headers_finished": self._begin,
                "on_part_data": self._more,
                "on_part_end": self._end,
                "on_end": self._rest,
            },
        )

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self.within = self.within or "a part's header"
        self._header = data[start:end].lower()

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._headers[self._header] = data[start:end].strip(b" \t")

    def _begin(self) -> None:
        disposition = self._headers.get(b"content-disposition", b"")
        _, options = parse_options_header(disposition)
        if (name := options.get(b"name")) is None:
            raise ValueError(f"a part has no name: content-disposition: {disposition.decode('latin-1')!r}")
        self._name = name.decode("utf-8", "replace")
        self._kind = self._kind_of_file() if b"filename" in options else ""
        self.within = f"the field {self._name!r}: no boundary follows"

    def _kind_of_file(self) -> str:
        return mime_of(self._headers.get(b"content-type") or b"application/octet-stream").decode("latin-1")

    def _more(self, data: bytes, start: int, end: int) -> None:
        self._data.append(data[start:end])

    def _end(self) -> None:
        encoding = self._headers.get(b"content-transfer-encoding", b"")
        try:
            data = undone(encoding, b"".join(self._data))
        except ValueError as error:
            raise ValueError(f"the field {self._name!r}: {error}") from error
        self.form.put(self._name, self._kind, data)
        self._headers, self._data = {}, []
        self._rest()

    def _rest(self) -> None:
        self.within = ""
