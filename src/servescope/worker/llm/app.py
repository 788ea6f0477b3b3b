"""vLLM's own HTTP app, made to be called in this process. In: vLLM's arguments and its client; out: an ASGI app.

Called by `engine`. It listens on no port; what it would say of HTTP for itself (`http_*` metrics, CORS headers) is left out,
for the front end does that.
"""

from argparse import Namespace
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any

from servescope.wire.messages import ServedModel

_LEFT_OUT = ("PrometheusInstrumentatorMiddleware", "CORSMiddleware")


async def make_app(args: Namespace, client: Any) -> Any:
    """The app before `client`, ready to answer."""
    from vllm.entrypoints.launchers.api_server.app_state import init_app_state

    tasks = await client.get_supported_tasks()
    await client.reset_mm_cache()
    app = _build(args, tasks, client.model_config)
    await init_app_state(client, app.state, args, tasks)
    app.state.server = SimpleNamespace(should_exit=False)  # vLLM's error handler tells it of a dead engine
    # vLLM's line of numbers in the log each 10 s; never left, for the app lives as long as its process.
    app.state.lifespan = app.router.lifespan_context(app)
    await app.state.lifespan.__aenter__()
    return app


def _build(args: Namespace, tasks: Any, model_config: Any) -> Any:
    from prometheus_client import CollectorRegistry
    from starlette.exceptions import HTTPException
    from vllm.entrypoints.launchers.app import build_app
    from vllm.entrypoints.serve.instrumentator import metrics

    original = metrics.get_prometheus_registry
    metrics.get_prometheus_registry = CollectorRegistry  # one that nobody reads
    try:
        app = build_app(args, tasks, model_config)
    finally:
        metrics.get_prometheus_registry = original
    app.add_exception_handler(HTTPException, _in_openais_shape)
    app.user_middleware = [one for one in app.user_middleware if one.cls.__name__ not in _LEFT_OUT]
    app.middleware_stack = None  # made anew by the first request
    return app


async def _in_openais_shape(_request: Any, error: Any) -> Any:
    """FastAPI's own refusals, of which vLLM words none: a body that is no text, 400. That a path has nothing, or not for the
    method, is said as FastAPI says it: see `endpoints.is_unrouted`.
    """
    from starlette.responses import JSONResponse

    code = error.status_code
    said: dict[str, Any] = {"detail": error.detail}
    if code == HTTPStatus.BAD_REQUEST:
        said = {"error": {"message": error.detail, "type": "BadRequestError", "param": None, "code": code}}
    return JSONResponse(said, code, error.headers)


async def served_models(app: Any) -> list[ServedModel]:
    """The names that the app answers to, as its /v1/models would tell."""
    listed = await app.state.openai_serving_models.show_available_models()
    return [ServedModel(card.id, card.root, card.parent, card.max_model_len) for card in listed.data]
