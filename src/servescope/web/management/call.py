"""One call of the management API: a request and whoever waits for it in, its parameters and what is to be said of them out.

Made by `api` for each request.
"""

import logging

from servescope.config.model.calls.parameters import Parameters
from servescope.serving.turns import Caller
from servescope.web.http.exchange import Exchange
from servescope.web.http.request import Request

logger = logging.getLogger("servescope.web")


class Call:
    """A call in hand. `query`: its parameters. `caller`: the client, who waits for its turn only as long as it is there.

    `warnings`: what is to be said besides the answer, or the error; it is logged at once.
    """

    def __init__(self, exchange: Exchange, query: dict[str, str]) -> None:
        self.request: Request = exchange.request
        self.query = query
        self.caller = _caller_of(exchange)
        self.warnings: list[str] = []

    def warn(self, text: str) -> None:
        """Say so in the log and in the answer."""
        logger.warning("%s %s: %s", self.request.method, self.request.path, text)
        self.warnings.append(text)

    def takes(self, *names: str) -> Parameters:
        """The parameters of a call that knows these."""
        return Parameters(self.query, names, self.warn)


def _caller_of(exchange: Exchange) -> Caller:
    caller = Caller()

    def lost() -> None:
        exchange.close()
        caller.leave()

    if exchange.open:
        exchange.connection.on_lost = lost
    else:
        caller.leave()
    return caller
