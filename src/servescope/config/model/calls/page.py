"""GET /models: in, its query; out, which models of the list are meant. Called by `web.management`.

Numbers are TorchServe's (util/ApiUtils.getModelList). Some clients send the token back under the name that it has in the answer,
nextPageToken, and would get the first page for ever.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from servescope.config.model.calls.parameters import Bounds, Parameters, Unfit, Warn

PAGE_SIZE: Final = 100

_NAMES: Final = frozenset({"limit", "next_page_token", "nextPageToken"})
_LIMIT: Final = Bounds(1, PAGE_SIZE, unfit=Unfit.OUTSIDE_IS_DEFAULT)
_TOKEN: Final = Bounds(0, 2**31 - 1, unfit=Unfit.ALL_IS_DEFAULT)


class Page(NamedTuple):
    """The models from the one at `start` on, `limit` of them at most."""

    start: int = 0
    limit: int = PAGE_SIZE


def parse_page(params: Mapping[str, str], warn: Warn) -> Page:
    """Read the query of GET /models. Raises BadRequest for a limit that is no number."""
    given = Parameters(params, _NAMES, warn)
    limit = given.number("limit", _LIMIT)
    name = "next_page_token" if params.get("next_page_token") else "nextPageToken"
    return Page(given.number(name, _TOKEN) or 0, PAGE_SIZE if limit is None else limit)
