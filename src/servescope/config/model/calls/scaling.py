"""PUT /models/{name}: in, its query; out, `ScaleOptions`. Called by `web.management`. Names and defaults are TorchServe's."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from servescope.config.bounds import MAX_WORKERS
from servescope.config.model.autoscale import Mode
from servescope.config.model.autoscale_values import parse_mode
from servescope.config.model.calls.parameters import Bounds, Parameters, Warn
from servescope.config.model.worker_counts import MAX_WORKERS_KEY
from servescope.errors import BadRequest

# TorchServe documents number_gpu and timeout, and ignores them.
_NAMES: Final = frozenset(
    {"min_worker", "max_worker", "synchronous", "model_version", "autoscale", "number_gpu", "timeout"}
)


class ScaleOptions(Struct, frozen=True, kw_only=True):
    """How many workers a model version is to have, and who decides on it; None: not asked. `model_version` None: the path's, or
    else the default version.
    """

    min_worker: int | None = None
    max_worker: int | None = None
    autoscale: Mode | None = None
    synchronous: bool = False
    model_version: str | None = None

    @property
    def asks_counts(self) -> bool:
        """Whether it is about counts at all, and not about who decides alone."""
        return self.min_worker is not None or self.max_worker is not None

    @property
    def asks_both(self) -> bool:
        """Whether it says both bounds."""
        return self.min_worker is not None and self.max_worker is not None

    def bounds(self, fewest: int, most: int, *, autoscaled: bool) -> tuple[int, int]:
        """The bounds that are asked for of a model that has these.

        TorchServe's where both are given or nobody scales it: min_worker is 1 and max_worker min_worker where they are not given.
        Of an autoscaled model one alone moves that bound, and the other only where it must; but min_worker 0 alone is TorchServe's:
        there shall be none, whoever asks.

        Raises:
            BadRequest: max_worker is below min_worker.
        """
        asked_least, asked_most = self.min_worker, self.max_worker
        if autoscaled and asked_most is None and asked_least:
            return asked_least, max(most, asked_least)
        if autoscaled and asked_least is None and asked_most is not None:
            return min(fewest, asked_most), asked_most
        least = 1 if asked_least is None else asked_least
        largest = least if asked_most is None else asked_most
        if largest < least:
            raise BadRequest("max_worker cannot be less than min_worker.")
        return least, largest


def parse_scale(params: Mapping[str, str], warn: Warn, most_workers: int = MAX_WORKERS) -> ScaleOptions:
    """Read the query of PUT /models/{name}; without any of min_worker, max_worker and autoscale it is TorchServe's min_worker=1.

    `most_workers`: as many a model version may have.

    Raises:
        BadRequest: bad numbers, negative ones too, which TorchServe answers with 500; max_worker below min_worker; an
            `autoscale` that is no mode.
    """
    given = Parameters(params, _NAMES, warn)
    bounds = Bounds(0, most_workers, MAX_WORKERS_KEY)
    least, most = given.number("min_worker", bounds), given.number("max_worker", bounds)
    mode = _mode(params.get("autoscale"))
    if least is None and most is None and mode is None:
        least = 1
    if least is not None and most is not None and most < least:
        raise BadRequest("max_worker cannot be less than min_worker.")
    return ScaleOptions(
        min_worker=least,
        max_worker=most,
        autoscale=mode,
        synchronous=given.flag("synchronous", default=False),
        model_version=given.text("model_version"),
    )


def _mode(text: str | None) -> Mode | None:
    """An empty one is refused, too: without it the call would be TorchServe's `min_worker=1`, which nobody meant."""
    try:
        return None if text is None else parse_mode(text)
    except ValueError as error:
        raise BadRequest(f"Parameter autoscale {error}: {text!r:.80}") from None
