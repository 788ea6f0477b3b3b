"""Refusals that only the OpenAI API knows. Raised by `openai` and its routes, written by `openai_face`.

`param` is the field of the request that is to blame, `allow` the header of this name.
"""

from collections.abc import Sequence

from servescope.errors import BadRequest, MethodNotAllowed, ModelNotFound, ServescopeError


class BadBody(BadRequest):
    """400: the body cannot be read, or names no model that can answer."""

    def __init__(self, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.param = param


class NoSuchModel(ModelNotFound):
    """404: no model is served under this name; vLLM's wording, which clients look for."""

    param = "model"

    def __init__(self, name: str) -> None:
        super().__init__(f"The model `{name}` does not exist.")


class WrongMethod(MethodNotAllowed):
    """405: the path has other methods."""

    def __init__(self, method: str, path: str, allowed: Sequence[str]) -> None:
        super().__init__(f"{path} takes {' and '.join(allowed)}, not {method}.")
        self.allow = ", ".join(allowed)


class WrongContentType(ServescopeError):
    """415: a form, where JSON is wanted."""

    status = 415

    def __init__(self, content_type: str) -> None:
        super().__init__(f"Unsupported Media Type: application/json is wanted, not {content_type}.")
