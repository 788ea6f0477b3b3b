"""Bodies of application/x-www-form-urlencoded, taken apart into fields, or found to be something else: curl says it of all.

In: a whole body. Out: `Form`. Called by `reading`.
"""

import re
from urllib.parse import unquote_to_bytes

from servescope.web.http.forms.form import Form
from servescope.wire.spooled.body import Spooled

# Forms' encoders write letters, digits and a few signs. Whoever writes one by hand is less strict, but not like this.
_NO_FORM = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_NO_NAME = re.compile(rb"[\"<>{}]|\S\s+\S")
# A file in base64, whose `=` fill it up: no field is called like this, and left empty. Short ones may be.
_BASE64 = re.compile(rb"(?:[\w+/-]{4}){8,}[\w+/-]{2}(?:==|[\w+/-]=)\s*")
_DATA_URI = re.compile(rb"data:[\w.+-]+/[\w.+-]+[;,]")
# Why something is no form.
_NO_SIGN = "it has no `=`"
_SIGNS = "it has control characters, which forms have encoded"


def read_urlencoded(body: bytes) -> Form:
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


def read_spooled_urlencoded(body: Spooled) -> Form:
    """As `read_urlencoded`. Curl says of any file that it is one: nearly all are told from forms without being read into memory."""
    names_one = has_signs = False
    for window in body.windows():
        names_one = names_one or b"=" in window
        has_signs = has_signs or _NO_FORM.search(window.rstrip(b"\r\n")) is not None
        if names_one and has_signs:
            return Form(doubt=_SIGNS)
    return read_urlencoded(body.read()) if names_one else Form(doubt=_NO_SIGN)


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
