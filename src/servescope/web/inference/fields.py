"""A request → the fields of the row that its model's handler is given.

Called by `api` for requests that are not one small body. What a client most likely did not mean is told once a model, in the log.
"""

import logging
from collections.abc import Sequence

from servescope.serving.model import Model
from servescope.web.http.bodies import message_fields, raw_fields
from servescope.web.http.forms.form import FORM_TYPES, Form, is_form
from servescope.web.http.forms.reading import read_form
from servescope.web.http.request import Request
from servescope.web.routes import Route
from servescope.wire.messages import Field
from servescope.wire.spooled.body import Spooled, bytes_of

logger = logging.getLogger("servescope.web")

_SHOWN = 80


def fields_of(
    request: Request, mime: bytes, route: Route, model: Model
) -> tuple[list[Field], Sequence[bytes | Spooled]]:
    """The fields of a row, and the bodies that travel beside the message. `mime`: the body's type, b"" where it does not matter.

    Raises:
        BadRequest: a multipart body is broken.
    """
    query = _query(request) if route.query_fields else Form()
    body = _form(request, mime)
    for form in (query, body):
        if form is not None and form.repeated:
            _tell_of_repeated(model, form.repeated)
    if body is not None and not body.doubt:
        return message_fields(query.fields | body.fields)
    if body is not None:
        _tell_of_no_form(model, mime, body.doubt)
    fields, attachments = message_fields(query.fields)
    raw, pieces = raw_fields(mime, request.body)
    return [*fields, *raw], [*attachments, *pieces]


def model_named_in_form(request: Request) -> str | None:
    """What a form has in its field `model_name`, None without."""
    if not is_form(request.content_type):
        return None
    _, data = read_form(request.content_type, request.body).fields.get("model_name", ("", b""))
    return bytes_of(data).decode("utf-8", "replace")


def _form(request: Request, mime: bytes) -> Form | None:
    """The body as a form, also one that is doubted; None: it says that it is something else."""
    if mime not in FORM_TYPES:
        return None
    if not is_form(request.content_type):
        return Form(doubt="its type names no boundary")
    return read_form(request.content_type, request.body)


def _query(request: Request) -> Form:
    form = Form()
    for name, value in request.query_pairs():
        form.put(name, "", value.encode("utf-8", "replace"))
    return form


def _tell_of_no_form(model: Model, mime: bytes, doubt: str) -> None:
    if model.is_news("no form"):
        logger.warning(
            "Model %s version %s: a body says %s and is none: %s. It reaches the handler as `body`, and so will all others."
            " curl says so of every body, unless it is told: -H 'Content-Type: application/json'",
            model.name,
            model.version,
            mime.decode("latin-1"),
            doubt,
        )


def _tell_of_repeated(model: Model, names: Sequence[str]) -> None:
    if model.is_news("repeated fields"):
        shown = ", ".join(f"{name!r:.{_SHOWN}}" for name in names[:5])
        logger.warning(
            "Model %s version %s: a request has fields more than once: %s. The last of each reaches the handler; this is not said"
            " again",
            model.name,
            model.version,
            shown,
        )
