"""What the console refuses for reasons of its own. Raised by `access`, written by `face`."""

from servescope.errors import ServescopeError


class Forbidden(ServescopeError):
    """403: the console may not be asked so, or not for this."""

    status = 403
    type_name = "ForbiddenException"
    reason = "forbidden"
