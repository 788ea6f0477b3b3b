"""The one field of an OpenAI request that the front end reads: which model is asked. The rest is the worker's affair.

Body in, name out; called by `openai` for each request. Nothing else is decoded.
"""

from collections.abc import Sequence

import msgspec

from servescope.web.openai.errors import BadBody
from servescope.wire.spooled.body import Spooled, in_memory


class _Named(msgspec.Struct):
    """`null` is no model, as in vLLM."""

    model: str | None = None


_decoder = msgspec.json.Decoder(_Named)


def model_named_in(pieces: Sequence[bytes | Spooled]) -> str:
    """The body's `model`, "" where it has none.

    Raises:
        BadBody: the body is not JSON, or no object, or its model is no text.
    """
    whole = in_memory(pieces)
    body = whole[0] if len(whole) == 1 else b"".join(whole)
    try:
        return _decoder.decode(body).model or ""
    except msgspec.ValidationError as error:
        # Its text ends with the place, as in: Expected `str | null`, got `int` - at `$.model`
        param = "model" if "`$.model`" in str(error) else None
        raise BadBody(f"{param or 'The body'}: {error}", param) from error
    # msgspec says of what is not UTF-8 the one until 0.22, the other since.
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadBody(f"The body is no JSON: {error}") from error
    except RecursionError as error:
        raise BadBody("The body is nested too deeply.") from error
