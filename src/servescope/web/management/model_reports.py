"""What the management API says of models: the list, descriptions, readiness. Read-only; called by `management`."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import Any

from servescope.config.model.calls.page import Page
from servescope.errors import ServescopeError, ServiceUnavailable
from servescope.serving.catalog import Catalog
from servescope.serving.description import describe
from servescope.serving.model import Model
from servescope.serving.queue.job import Job, Piece
from servescope.serving.readiness.health import Health
from servescope.serving.turns import Caller, CallerLeft
from servescope.web.http.request_id import new_request_id
from servescope.wire.messages import Request


class ModelReports:
    """Reads the catalog. `resident_bytes`: a process's memory by its id. `gpu_usage`: TorchServe's line about a GPU.
    `autoscale`: what is decided about a model, None where nobody autoscales it.
    """

    def __init__(
        self,
        catalog: Catalog,
        resident_bytes: Callable[[int], int],
        gpu_usage: Callable[[int], str],
        health: Health,
        autoscale: Callable[[Model], dict[str, Any] | None],
    ) -> None:
        self._catalog = catalog
        self._resident_bytes = resident_bytes
        self._gpu_usage = gpu_usage
        self._health = health
        self._autoscale = autoscale

    def page(self, asked: Page) -> dict[str, Any]:
        """One page of the models by name. A token for the next is given even where the page ends exactly at the end."""
        end = asked.start + asked.limit
        models = self._listed()
        page: dict[str, Any] = {}
        if len(models) >= end:
            page["nextPageToken"] = str(end)
        page["models"] = [_entry(model) for model in models[asked.start : end]]
        return page

    def _listed(self) -> list[Model]:
        """The default versions by name, and those that are unregistered and have yet to finish."""
        defaults = [model for model in self._catalog.defaults() if _has_archive(model)]
        leaving = [model for model in self._catalog.leaving() if _has_archive(model)]
        return sorted([*defaults, *leaving], key=lambda model: model.name) if leaving else defaults

    def require(self, name: str, version: str | None) -> None:
        """Raises: ModelNotFound, ModelVersionNotFound where there is no such model ("all": of no version)."""
        if version == "all":
            self._catalog.versions(name)
        else:
            self._catalog.find(name, version)

    def readiness(self, name: str) -> dict[str, Any]:
        """KServe's readiness. Raises ModelNotFound."""
        return {"name": name, "ready": self._health.serves_name(name)}

    async def describe(
        self,
        name: str,
        version: str | None,
        caller: Caller | None = None,
        *,
        customized: bool,
        headers: Sequence[tuple[bytes, bytes]] = (),
    ) -> list[dict[str, Any]]:
        """The default version, one version, or with "all" every version, without what their handlers say.

        `customized`: the handler is asked what it says of itself, with these `headers` of whoever asks. A model that is
        asleep is not woken for that, and described without it.

        One that is unregistered and has yet to finish is described while there is no other.

        Raises:
            ModelNotFound, ModelVersionNotFound: there is no such model.
            ServiceUnavailable: `customized`, and no worker can be asked.
            CallerLeft: the caller did not wait for what the handler says; it is not asked any more.
        """
        models = self._meant(name, version)
        described = []
        for model in models:
            asked = (
                customized and version != "all" and model.leaves_by is None and not model.asleep and not model.waking
            )  # TorchServe asks one model's handler only
            metadata = await self._ask(model, caller or Caller(), headers) if asked else None
            described.append(self._describe(model, metadata))
        return described

    def _describe(self, model: Model, metadata: Any) -> dict[str, Any]:
        """`autoscale`, which TorchServe does not have, is there where the mode is not off, and stands last."""
        described = describe(model, self._resident_bytes, self._gpu_usage, metadata)
        autoscale = self._autoscale(model)
        return described if autoscale is None else described | {"autoscale": autoscale}

    def _meant(self, name: str, version: str | None) -> list[Model]:
        everything = version == "all"
        leaving = self._catalog.leaving(name, None if everything else version)
        try:
            if everything:
                return [*self._catalog.versions(name).values(), *leaving]
            return [self._catalog.find(name, version)]
        except ServescopeError:
            if not leaving:
                raise
            return leaving

    async def _ask(self, model: Model, caller: Caller, headers: Sequence[tuple[bytes, bytes]]) -> dict[str, Any]:
        """What the handler says of itself; {} where it says no JSON object."""
        request = Request(new_request_id(), list(headers), _asking(headers), [])
        waiting = Waiting()
        job = Job(request, (), "default", monotonic(), waiting, alone=True)
        try:
            model.dispatcher.submit(job)
        except ServiceUnavailable as error:
            raise ServiceUnavailable(
                f'Model "{model.name}" has no worker to serve describe request. '
                "Please use scale workers API to add workers.",
                why=error.why,
                retry_after_s=error.retry_after_s,
            ) from error
        try:
            return _json_object(await caller.wait(waiting.body))
        except CallerLeft:
            model.dispatcher.abandon(job)
            raise
        except ServescopeError:
            return {}


class Waiting:
    """The client of a job whose answer is awaited (`serving.queue.job.Client`). `body`: the answer, or its first piece."""

    def __init__(self) -> None:
        self.body: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def answered(self, _status: int, _headers: Mapping[str, str], body: Piece) -> None:
        """See `Client`."""
        if not self.body.done():
            self.body.set_result(bytes(body))

    def streamed(self, status: int, headers: Mapping[str, str], piece: Piece, _final: bool) -> None:
        """See `Client`."""
        self.answered(status, headers, piece)

    def failed(self, error: ServescopeError) -> None:
        """See `Client`."""
        if not self.body.done():
            self.body.set_exception(error)


def _asking(headers: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    """What the server adds to the headers of whoever asks: `describe`, and the length of a body that there is not, which in
    TorchServe is Netty's doing. There is no `explain` and no `url_path`, as there is none there.
    """
    added = {"describe": "True"}
    if all(name.lower() != b"content-length" for name, _ in headers):
        added["content-length"] = "0"
    return added


def _has_archive(model: Model) -> bool:
    """All have one but workflows' functions, which TorchServe's list leaves out, too: their workflow is in a list of its own."""
    return bool(model.archive.url)


def _entry(model: Model) -> dict[str, Any]:
    entry: dict[str, Any] = {"modelName": model.name, "modelUrl": model.archive.url}
    return entry if model.leaves_by is None else entry | {"unloading": True}


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
