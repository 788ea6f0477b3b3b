"""What a plan changes of a server, and puts back: in, a site and a claim; out, changes, and at the end none. Called by `live`.

Each change is noted before it is made. At the end all are taken back, each whatever became of the others, and by calls that do
not wait for workers, so that nobody has to interrupt them.
"""

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Self
from urllib.parse import quote

from servescope.cli.client.endpoints import RefusedError, call
from servescope.cli.planning.server.claim import Claim, Noted, Standing
from servescope.cli.planning.server.site import Site, model_path
from servescope.cli.planning.stops import Stops
from servescope.cli.status import describe
from servescope.cli.voice import mutter
from servescope.errors import ServescopeError

_GONE = 404
_TIMEOUT_S = 30.0
_UNREGISTER_S = 150.0  # the server waits for what is in flight
_OFF = (None, "off")


class Changes:
    """A context: of one model version, or of a copy of it."""

    def __init__(self, site: Site, claim: Claim, stops: Stops) -> None:
        self._site = site
        self._claim = claim
        self._stops = stops
        self._noted = Noted()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._stops.hold()
        finally:
            if put_back(self._site, self._noted):
                self._note(Noted())
            self._stops.let_go()

    def copy(self, described: Mapping[str, Any], workers: int, batch: int) -> str:
        """Register the model once more, under a name of its own: that name."""
        name = f"{described['modelName']}-plan-{secrets.token_hex(4)}"
        asked = {
            "url": str(described["modelUrl"]),
            "model_name": name,
            "initial_workers": str(workers),
            "batch_size": str(batch),
            "max_batch_delay": str(described["maxBatchDelay"]),
            "synchronous": "true",
        }
        self._note(replace(self._noted, copy=name))
        with self._site.manage(None) as client:
            call(client, "POST", "/models", asked)
        return name

    def quiet(self, described: Mapping[str, Any]) -> None:
        """From now on nobody else scales it."""
        standing = standing_of(described)
        if self._noted.copy is None:
            self._note(Noted(standing))
        if standing.mode not in _OFF:
            with self._site.manage() as client:
                call(client, "PUT", model_path(standing.model, standing.version), {"autoscale": "off"})

    def scale(self, name: str, version: str, workers: int) -> None:
        """Have so many workers, and wait until they are there."""
        if self._noted.standing is not None:
            self._note(Noted(replace(self._noted.standing, scaled=workers)))
        with self._site.manage(None) as client:
            call(client, "PUT", model_path(name, version), _exactly(workers) | {"synchronous": "true"})

    def _note(self, noted: Noted) -> None:
        self._claim.note(noted)
        self._noted = noted


def standing_of(described: Mapping[str, Any]) -> Standing:
    """As the management API describes it."""
    return Standing(
        described["modelName"],
        described["modelVersion"],
        len(described.get("workers", [])),
        int(described["minWorkers"]),
        int(described["maxWorkers"]),
        (described.get("autoscale") or {}).get("mode"),
    )


def put_back(site: Site, noted: Noted, *, wait: bool = False) -> bool:
    """Whether all is as it was; what is not is told on standard error. What is gone needs nothing. `wait`: until workers that are
    not wanted any more have gone.
    """
    done = True
    if noted.copy is not None:
        name = noted.copy
        done = _tried(f"unregister {name!r}, a copy", lambda: _unregister(site, name))
    if noted.standing is not None:
        was = noted.standing
        done &= _tried(f"put back {was.model!r} {was.version}, which had {was}", lambda: _restore(site, was, wait=wait))
    return done


def put_back_left(site: Site, claim: Claim) -> None:
    """What a plan that was killed has left, unless somebody has changed it since; copies that others left are told of."""
    left = claim.left
    if left.standing is not None and not _is_as_left(site, left.standing):
        left = replace(left, standing=None)
    if left != Noted():
        mutter("A plan of this server was killed: what it left is put back")
    if put_back(site, left, wait=True):
        claim.note(Noted())


def tell_of_copies(site: Site, model: str) -> None:
    """Those that plans from other machines have left, or load now."""
    with site.manage() as client:
        names = [one["modelName"] for one in call(client, "GET", "/models", {"limit": "1000"})["models"]]
    for name in names:
        if re.fullmatch(rf"{re.escape(model)}-plan-[0-9a-f]{{8}}", name):
            mutter(f"{name!r} is registered, a copy that another plan loads, or has left: unregister it if none does")


def _is_as_left(site: Site, was: Standing) -> bool:
    try:
        with site.manage() as client:
            (described, *_) = describe(client, was.model, was.version)
    except RefusedError:
        return False
    now = standing_of(described)
    mode_left = was.mode not in _OFF and now.mode in _OFF
    return mode_left or (was.scaled is not None and now.fewest == now.most == was.scaled)


def _tried(what: str, doing: Callable[[], None]) -> bool:
    try:
        doing()
    except ServescopeError as error:
        if isinstance(error, RefusedError) and error.code == _GONE:
            return True
        mutter(f"servescope: cannot {what}: {error.message}; the next plan tries again")
        return False
    return True


def _unregister(site: Site, name: str) -> None:
    with site.manage(_UNREGISTER_S) as client:
        call(client, "DELETE", f"/models/{quote(name, safe='')}")


def _restore(site: Site, was: Standing, *, wait: bool) -> None:
    """What is within its bounds stays as it is: the count is put back first, and then they."""
    path = model_path(was.model, was.version)
    bounds = {"min_worker": str(was.fewest), "max_worker": str(was.most)}
    with site.manage(None if wait else _TIMEOUT_S) as client:
        call(client, "PUT", path, _exactly(was.workers) | ({"synchronous": "true"} if wait else {}))
        call(client, "PUT", path, bounds if was.mode in _OFF else {**bounds, "autoscale": str(was.mode)})


def _exactly(workers: int) -> dict[str, str]:
    return {"min_worker": str(workers), "max_worker": str(workers)}
