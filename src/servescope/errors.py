"""Every refusal the server can give: its HTTP status, the name TorchServe gives it, and its metric reason.

Raised anywhere, turned into a JSON body by `web`, counted by `metrics` under `reason`. The class names are Python's;
`type_name` is the Java simple class name that TorchServe's clients see in `type` (contract, section A). Those of workflows
alone are `archive.war.errors` and `workflows.errors`.
"""

from typing import ClassVar, NamedTuple

_LONGEST_LINE = 500


class Raised(NamedTuple):
    """What a handler raised, for traces: the exception's class, its text, its traceback; each shortened."""

    kind: str
    text: str
    trace: str


class ServescopeError(Exception):
    """An error with an answer: `status` (HTTP), `type_name` (wire), `reason` (metric label)."""

    status: ClassVar[int] = 500
    type_name: ClassVar[str] = "InternalServerException"
    reason: ClassVar[str] = "error"

    @property
    def message(self) -> str:
        """The text a client reads in `message`."""
        return str(self)


class ConfigurationError(ServescopeError):
    """A setting that cannot be used; the text names the option and its value. Ends the start with exit status 1."""

    reason = "configuration"


class BadRequest(ServescopeError):
    """400: a parameter is missing or makes no sense."""

    status = 400
    type_name = "BadRequestException"
    reason = "bad_request"


class InvalidKey(ServescopeError):
    """400: the token is missing, wrong or expired."""

    status = 400
    type_name = "InvalidKeyException"
    reason = "token"


class InvalidModel(ServescopeError):
    """400: an archive that is no model: bad manifest, no handler, hostile members."""

    status = 400
    type_name = "InvalidModelException"
    reason = "invalid_model"


class EngineFailed(InvalidModel):
    """400: a language model's engine cannot be started; the text is for whoever registers the model."""

    reason = "engine"


class DownloadFailed(ServescopeError):
    """400: an archive's URL could not be read."""

    status = 400
    type_name = "DownloadArchiveException"
    reason = "download"


class ModelInstallFailed(ServescopeError):
    """400: pip could not install a model's own requirements."""

    status = 400
    type_name = "ModelException"
    reason = "requirements"


class InvalidModelVersion(ServescopeError):
    """403: the version exists but may not be touched so."""

    status = 403
    type_name = "InvalidModelVersionException"
    reason = "version"


class ModelNotFound(ServescopeError):
    """404: no model of that name, or no archive at that URL."""

    status = 404
    type_name = "ModelNotFoundException"
    reason = "unknown_model"


class UrlRefused(ModelNotFound):
    """404: an archive's URL that this server may not read; TorchServe answers as if there were none."""

    reason = "url"


class ModelVersionNotFound(ServescopeError):
    """404: the model has no such version."""

    status = 404
    type_name = "ModelVersionNotFoundException"
    reason = "unknown_version"


class ResourceNotFound(ServescopeError):
    """404: no such path."""

    status = 404
    type_name = "ResourceNotFoundException"
    reason = "unknown_path"

    def __init__(self, message: str = "Requested resource is not found, please refer to API document.") -> None:
        super().__init__(message)


class MethodNotAllowed(ServescopeError):
    """405: the path exists, the method does not, or the model API is off."""

    status = 405
    type_name = "MethodNotAllowedException"
    reason = "method"

    def __init__(self, message: str = "Requested method is not allowed, please refer to API document.") -> None:
        super().__init__(message)


class RequestTimeout(ServescopeError):
    """408: the client's deadline passed, or a clean-up took too long."""

    status = 408
    type_name = "RequestTimeoutException"
    reason = "deadline"


class RequestUnfinished(RequestTimeout):
    """408: the client did not send the whole request in the time it had."""

    reason = "client_timeout"


class Conflict(ServescopeError):
    """409: the version is registered already."""

    status = 409
    type_name = "ConflictStatusException"
    reason = "conflict"


class BodyTooLarge(ServescopeError):
    """413: a body is over the port's limit."""

    status = 413
    type_name = "RequestEntityTooLargeException"
    reason = "too_large"

    def __init__(self, limit: int, what: str = "The request's body") -> None:
        super().__init__(f"{what} is larger than max_request_size ({limit} bytes).")


class UnsupportedEncoding(ServescopeError):
    """415: a body is encoded in a way that nobody here can undo."""

    status = 415
    type_name = "UnsupportedMediaTypeException"
    reason = "encoding"


class JsonSyntax(ServescopeError):
    """500: a management request's body is no JSON (TorchServe lets Gson's exception through)."""

    type_name = "JsonSyntaxException"
    reason = "bad_request"


class WorkerInitialization(ServescopeError):
    """500: a model asks for more GPUs than there are."""

    type_name = "WorkerInitializationException"
    reason = "gpus"


class ServiceUnavailable(ServescopeError):
    """503: no worker, a full queue, or a server on its way out; `why` says which.

    `retry_after_s`: seconds after which another attempt may do better, None where waiting does not help.
    """

    status = 503
    type_name = "ServiceUnavailableException"

    def __init__(self, message: str, *, why: str = "no_worker", retry_after_s: int | None = None) -> None:
        super().__init__(message)
        self.why = why
        self.retry_after_s = retry_after_s


class WorkerFailed(ServescopeError):
    """500, or 507 when memory ran out: the worker died, timed out, or refused to load. `raised`: by the handler, if that is why."""

    reason = "worker"

    def __init__(self, message: str, *, code: int = 500, raised: Raised | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.raised = raised


def status_of(error: ServescopeError) -> int:
    """The HTTP status of an error."""
    return error.code if isinstance(error, WorkerFailed) else error.status


def last_line(text: str) -> str:
    """The last line of an error's text that is not blank: what Python's tracebacks end with. At most 500 characters of it.

    Fit for a terminal: what cannot be printed is escaped.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    line = _printable(lines[-1]) if lines else ""
    return line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}…"


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text)
