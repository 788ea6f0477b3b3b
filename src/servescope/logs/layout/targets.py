"""What of a request's target may stand in a log: in, the target as it came; out, the same without the secrets of a URL in it.

`access` asks once for each line that differs. The `url` of a registration, of a model or a workflow, may have a password in it, or
the signature of a presigned URL; one that was not percent-encoded spreads over the parameters behind it, and none of their values
is known to be harmless. Pure.
"""

import re
from typing import Final
from urllib.parse import quote, unquote, unquote_plus

from servescope.config.model.calls import workflow
from servescope.config.model.calls.register import REGISTER_NAMES
from servescope.config.shown_url import may_have_secrets, shown_url

_REGISTERS: Final = re.compile(r"([a-z]+://[^/]*)?/+(models|workflows)(/.*)?", re.IGNORECASE | re.DOTALL)
_NAMES: Final = {*REGISTER_NAMES, *workflow.NAMES}


def shown_target(target: str) -> str:
    """`/models?url=http://bob:secret@host/m.mar?sig=1&x=2` as `/models?url=http://host/m.mar&x=`; without a URL as it is."""
    path, mark, query = target.partition("?")
    if not mark or _REGISTERS.fullmatch(unquote(path)) is None:
        return target
    parameters = query.split("&")
    if not any(map(_url_of, parameters)):
        return target
    return f"{path}?{'&'.join(map(_shown_parameter, parameters))}"


def _url_of(parameter: str) -> str | None:
    value = unquote_plus(parameter.partition("=")[2])
    return value if may_have_secrets(value) else None


def _shown_parameter(parameter: str) -> str:
    name, mark, _ = parameter.partition("=")
    url = _url_of(parameter)
    if url is None:
        return parameter if unquote_plus(name) in _NAMES else f"{name}{mark}"
    shown = shown_url(url)
    return parameter if shown == url else f"{name}{mark}{quote(shown, safe='/:')}"
