"""OpenAI's API on the inference port: completions, chat, embeddings, and the list of language models.

A request in; out, the same body to the worker of the model that it names, by way of the inference API's own `predict`, so that it
is queued, measured and answered as any other.
"""

import time
from collections.abc import Callable
from typing import Any

from servescope.errors import ModelNotFound, ServescopeError
from servescope.metrics.recording.codes import HUNG_UP
from servescope.serving.catalog import Catalog
from servescope.serving.model import Model
from servescope.serving.readiness.health import Health
from servescope.serving.refusals import no_worker
from servescope.web.http.bodies import mime_of
from servescope.web.http.exchange import Exchange, json_body
from servescope.web.http.face import JSON_TYPE, TORCHSERVE, Face
from servescope.web.http.forms.form import FORM_TYPES
from servescope.web.http.request import Request
from servescope.web.openai.body import model_named_in
from servescope.web.openai.errors import BadBody, NoSuchModel, WrongContentType, WrongMethod
from servescope.web.openai.face import OPENAI
from servescope.web.openai.routes import OpenAiPath, parse_openai
from servescope.web.routes import Kind, Route
from servescope.wire.messages import ServedModel

KIND = "openai"


class OpenAiApi:
    """`predict` sends an exchange on to the model that a route names. `manages`: the management API is on this port too."""

    def __init__(
        self, catalog: Catalog, health: Health, predict: Callable[[Exchange, Route], None], *, manages: bool
    ) -> None:
        self._catalog = catalog
        self._health = health
        self._predict = predict
        self._manages = manages

    def claimed(self, request: Request) -> OpenAiPath | None:
        """What a request wants of this API; None: it is none of its requests.

        `/v1/models` is OpenAI's where there are language models. `/v1/models/{name}` is KServe's as well, and tells whether a
        model is ready: where the management API shares the port, that does so, unless it is a language model; and TorchServe's
        inference port knows no other method there than GET.
        """
        path = parse_openai(request.path)
        if path is None or path.asks:
            return path
        if self._cards(path.model):
            return path
        if path.model is None:
            return None
        return path if request.method in ("GET", "HEAD") and not self._manages else None

    def face(self, path: OpenAiPath) -> Face:
        """How errors look there: OpenAI's way, unless KServe's question can only be meant."""
        return TORCHSERVE if path.model is not None and not self._catalog.language_models() else OPENAI

    def handle(self, exchange: Exchange, path: OpenAiPath) -> None:
        """Answer what was `claimed`.

        Raises:
            ServescopeError: with OpenAI's status and vLLM's words.
        """
        method = exchange.request.method
        if method not in path.methods:
            raise WrongMethod(method, path.template, path.methods)
        if path.asks:
            self._ask(exchange, path)
        elif path.model is None:
            exchange.answer(200, [JSON_TYPE], json_body({"object": "list", "data": self._cards()}))
        else:
            exchange.answer(200, [JSON_TYPE], json_body(self._model_card(path.model)))

    def refused(self, request: Request, path: OpenAiPath, code: int, ended: float) -> None:
        """See `app.Handler`. One whose turn never came is its model's; of one that was too large, nobody knows whose."""
        if code != HUNG_UP or not path.asks or request.method != "POST":
            return
        try:
            model = self._model(request)
        except ServescopeError:
            return
        model.recorder.request_refused(KIND, code, request.received or ended, ended, request.size)

    def _ask(self, exchange: Exchange, path: OpenAiPath) -> None:
        request = exchange.request
        mime = mime_of(request.content_type)
        if mime in FORM_TYPES:
            raise WrongContentType(mime.decode("latin-1"))
        model = self._model(request)
        if not model.pool.served and not _may_be_served(model):
            error = _not_served(model)
            model.recorder.request_refused(KIND, error.status, exchange.began, time.monotonic(), request.size)
            raise error
        # Undecoded, though it is JSON: the engine reads the client's own bytes.
        self._predict(exchange, Route(Kind.PREDICT, path.template, model.name, extra=path.extra, asks=KIND, raw=True))

    def _model(self, request: Request) -> Model:
        """The model that a body asks, of whatever kind it is.

        Raises:
            BadBody: it cannot be read; or names none, where there is not just one language model.
            NoSuchModel: no model has its name.
        """
        name = model_named_in(request.body)
        if name:
            model = self._catalog.find_served(name)
            if model is None:
                raise NoSuchModel(name)
            return model
        models = self._catalog.language_models()
        if len(models) != 1:
            raise BadBody(f"model: Field required; {len(models)} language models are served here.", "model")
        return models[0]

    def _model_card(self, name: str) -> dict[str, Any]:
        """OpenAI's card with KServe's `name` and `ready`, of which a model that is no language model has no more.

        Raises:
            NoSuchModel: no model has this name.
        """
        model = self._catalog.find_served(name)
        if model is None and not self._health.awaits(name):
            raise NoSuchModel(name) if self._catalog.language_models() else ModelNotFound(f"Model not found: {name}")
        card = next(iter(self._cards(name)), {})
        return card | {"name": name, "ready": model is not None and self._health.serves(model)}

    def _cards(self, name: str | None = None) -> list[dict[str, Any]]:
        """The cards of all names, or of this one; of a name that two models have, the one who is asked by it."""
        cards: dict[str, dict[str, Any]] = {}
        for model in self._catalog.language_models():
            for served in model.pool.served:
                if (name is None or served.id == name) and self._catalog.find_served(served.id) is model:
                    cards.setdefault(served.id, _card(served, self._catalog.registered_at(model)))
        return list(cards.values())


def _may_be_served(model: Model) -> bool:
    """Whether it has yet to say what it is, as it was asleep since its registration: whoever asks wakes it, and waits."""
    return (model.asleep or model.waking) and not model.pool.loads.succeeded


def _not_served(model: Model) -> ServescopeError:
    """Why a registered model does not answer here. What it is, it says only once it is loaded."""
    if not model.at_work:
        model.recorder.rejected("no_worker")
        retry_after_s = 1 if model.pool.can_serve else None  # one that loads is there by and by
        return no_worker(model.name, None, retry_after_s)
    text = f"The model `{model.name}` is not a language model: ask it at /predictions/{model.name}."
    return BadBody(text, "model")


def _card(served: ServedModel, registered_at: float) -> dict[str, Any]:
    """OpenAI's model, with vLLM's `root`, `parent` and `max_model_len`."""
    return {
        "id": served.id,
        "object": "model",
        "created": int(registered_at),
        "owned_by": "servescope",
        "root": served.root,
        "parent": served.parent,
        "max_model_len": served.max_model_len,
    }
