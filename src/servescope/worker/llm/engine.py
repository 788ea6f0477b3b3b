"""A model-config.yaml → a running vLLM engine with vLLM's own HTTP app before it.

`start` is called once a worker, by `ts.torch_handler.vllm_handler`, on the loop that will serve.
"""

import asyncio
import os
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from servescope.errors import EngineFailed, InvalidModel, ServescopeError
from servescope.wire.messages import EngineStats, ServedModel
from servescope.worker.llm import core
from servescope.worker.llm.app import make_app, served_models
from servescope.worker.llm.arguments import parse
from servescope.worker.llm.asgi import App
from servescope.worker.llm.ending import end_engine, leave, start_tracker, watch
from servescope.worker.llm.keys import forget_key, refuse_key
from servescope.worker.llm.reason import reason_of
from servescope.worker.llm.settings import LlmSettings, read_settings
from servescope.worker.llm.stats import EngineRecorder, EngineTotals, StatsThrottle
from servescope.worker.llm.tally import counted, remembered


@dataclass(frozen=True)
class RunningEngine:
    """An engine that serves: its app, the names that it answers to, and the task that watches it. `end` ends it."""

    app: App
    served: list[ServedModel]
    watching: "asyncio.Task[None]"
    end: Callable[[], None]


async def start(
    config: dict[str, Any], directory: Path, name: str, send_stats: Callable[[EngineStats], None]
) -> RunningEngine:
    """Start the engine of the model in `directory`, registered as `name`.

    Raises:
        EngineFailed: a setting that this server or vLLM's parser refuses, or vLLM cannot serve it; with the reason.
    """
    # A forked engine would hold the worker's sockets and threads; a spawned one starts afresh.
    os.environ.setdefault("VLLM_WORKER_MULTIPROC_METHOD", "spawn")
    start_tracker()
    forget_key(os.environ)
    try:
        args = _arguments(read_settings(config, directory), name)
    except ServescopeError as error:
        raise EngineFailed(error.message) from error
    with tempfile.NamedTemporaryFile("r", prefix="servescope-engine-", encoding="utf-8") as reason:
        os.environ[core.REASON_FILE] = reason.name
        try:
            return await _run(args, send_stats)
        except Exception as error:
            raise EngineFailed(f"vLLM cannot serve {args.model}: {reason_of(error, reason.read())}") from error
        finally:
            os.environ.pop(core.REASON_FILE)


async def _run(args: Namespace, send_stats: Callable[[EngineStats], None]) -> RunningEngine:
    client = _make_client(args, send_stats)
    try:
        app = await make_app(args, client)
        served = await served_models(app)
        task = asyncio.create_task(watch(client, lambda text: leave(text, client.shutdown)))
        return RunningEngine(app, served, task, lambda: end_engine(client.shutdown))
    except BaseException:
        client.shutdown()
        raise


def _arguments(settings: LlmSettings, name: str) -> Namespace:
    from vllm.entrypoints.launchers.cli_args import make_arg_parser, validate_parsed_serve_args
    from vllm.entrypoints.openai.models.protocol import LoRAModulePath
    from vllm.utils.argparse_utils import FlexibleArgumentParser

    args = parse(settings, name, make_arg_parser(FlexibleArgumentParser(prog="vllm")))
    refuse_key(args)
    adapters = [LoRAModulePath(name, path) for name, path in settings.adapters.items()]
    args.lora_modules = [*(args.lora_modules or []), *adapters] or None
    try:
        validate_parsed_serve_args(args)
    except Exception as error:
        raise InvalidModel(f"vLLM cannot serve {args.model}: {reason_of(error)}") from error
    return args


def _make_client(args: Namespace, send_stats: Callable[[EngineStats], None]) -> Any:
    """A client of vLLM's, `AsyncLLM`, its engine's process started, its tokens and numbers counted."""
    from vllm.engine.arg_utils import AsyncEngineArgs
    from vllm.usage.usage_lib import UsageContext
    from vllm.v1.engine.async_llm import AsyncLLM
    from vllm.v1.engine.core import EngineCoreProc
    from vllm.v1.metrics.loggers import StatLoggerBase

    loop = asyncio.get_running_loop()
    totals = EngineTotals(StatsThrottle(send_stats, time.monotonic, loop.call_later))
    logger = type("EngineStatLogger", (EngineRecorder, StatLoggerBase), {})
    config = AsyncEngineArgs.from_cli_args(args).create_engine_config(UsageContext.OPENAI_API_SERVER)
    original = EngineCoreProc.run_engine_core
    if os.environ["VLLM_WORKER_MULTIPROC_METHOD"] != "fork":  # a forked process would find itself in vLLM's place
        EngineCoreProc.run_engine_core = core.run
    try:
        client = AsyncLLM.from_vllm_config(
            vllm_config=config,
            usage_context=UsageContext.OPENAI_API_SERVER,
            stat_loggers=[lambda _config, index=0: logger(totals, index)],
            enable_log_requests=args.enable_log_requests,
            disable_log_stats=args.disable_log_stats,
        )
    finally:
        EngineCoreProc.run_engine_core = original
    _count_tokens(client)
    return client


def _count_tokens(client: Any) -> None:
    """Have every call of the engine counted for the request that it belongs to."""
    from vllm.sampling_params import RequestOutputKind

    def states_of(request_id: str, queue: Any) -> list[Any]:
        processor = client.output_processor
        states = [processor.request_states.get(one) for one in processor.external_req_ids.get(request_id, ())]
        return [state for state in states if state is not None and state.queue is queue]

    def is_whole(*args: Any, **kwargs: Any) -> bool:
        params = kwargs["sampling_params"] if "sampling_params" in kwargs else args[1]
        return bool(params.output_kind == RequestOutputKind.FINAL_ONLY)

    client.add_request = remembered(client.add_request, states_of)
    client.generate = counted(client.generate, is_whole)
    client.encode = counted(client.encode, lambda *_args, **_kwargs: True)
