"""A form from a body, which is in memory of its own, or in pieces. These are joined first: no answer depends on how it was cut.

Called by `inference.fields`.
"""

from collections.abc import Sequence

from servescope.web.http.bodies import mime_of
from servescope.web.http.forms.form import URLENCODED, Form
from servescope.web.http.forms.multipart import read_multipart, read_spooled_multipart
from servescope.web.http.forms.urlencoded import read_spooled_urlencoded, read_urlencoded
from servescope.wire.spooled.body import Spooled, bytes_of


def read_form(content_type: bytes, pieces: Sequence[bytes | Spooled]) -> Form:
    """A form's fields. Of a body that is `Spooled`, large parts stay where they are.

    Raises:
        BadRequest: a multipart body is broken.
    """
    urlencoded = mime_of(content_type) == URLENCODED
    if len(pieces) == 1 and isinstance(only := pieces[0], Spooled):
        return read_spooled_urlencoded(only) if urlencoded else read_spooled_multipart(content_type, only)
    body = b"".join(map(bytes_of, pieces))
    return read_urlencoded(body) if urlencoded else read_multipart(content_type, body)
