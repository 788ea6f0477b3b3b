"""`python -m servescope.worker FD PROBE_FD MEMORY_FD`: a worker process. The front end handed down two sockets and shared memory.

The first message is `Load`; then a session runs until the front end says `Stop` or goes away. The front end
(`fleet.backends.process`) launches it by this name and reads its stdout and stderr as the model log.
"""

import importlib.util
import mmap
import os
import socket
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from servescope import TORCHSERVE_VERSION
from servescope.errors import EngineFailed, InvalidModel
from servescope.wire.blocking import BlockingChannel, ChannelClosed
from servescope.wire.measured.memory import mapped
from servescope.wire.measured.polled import polled_into
from servescope.wire.messages import Load, Loaded, Measuring
from servescope.worker.handler.context import Context
from servescope.worker.handler.loader import Finish, LoadedHandler, load_handler
from servescope.worker.loop import Loop
from servescope.worker.measuring.custom_metrics import CustomMetrics
from servescope.worker.measuring.each import Each
from servescope.worker.measuring.folding import Folding
from servescope.worker.measuring.probe import Probe
from servescope.worker.measuring.sink import Sink
from servescope.worker.parent import end_with_parent
from servescope.worker.replies.failures import described, report_failure
from servescope.worker.replies.json_text import AS_BEFORE
from servescope.worker.replies.records import hand_over
from servescope.worker.replies.texts import text_of
from servescope.worker.sessions.session import Session
from servescope.worker.sessions.terms import Terms

SHIM = Path(__file__).parent / "shim"
MOST_NAMES = 1000  # that one language model answers to
NAMES_LIMIT = 1024 * 1024  # bytes of all of them


def read_model_yaml(directory: Path, config_file: str) -> dict[str, Any]:
    """The whole model-config.yaml, {} where the manifest names none. yaml is imported only by models that have one."""
    if not config_file:
        return {}
    import yaml

    loaded = yaml.safe_load((directory / config_file).read_text("utf-8"))
    return loaded if isinstance(loaded, dict) else {}


def build_context(load: Load, metrics: CustomMetrics) -> Context:
    """The context that every call of the handler is given."""
    return Context(
        model_name=load.model_name,
        model_dir=load.model_dir,
        manifest=load.manifest,
        batch_size=load.batch_size,
        gpu_id=load.gpu_id,
        server_version=TORCHSERVE_VERSION,  # handlers compare it with what they were written for
        limit_max_image_pixels=load.limit_max_image_pixels,
        metrics=metrics,
        model_yaml_config=read_model_yaml(Path(load.model_dir), load.manifest.get("model", {}).get("configFile", "")),
    )


def load_model(load: Load, context: Context, finish: Finish) -> tuple[LoadedHandler | None, Loaded]:
    """The handler, or None, and what to tell the front end. What was raised goes to the model log."""
    process = os.getpid()
    try:
        handler = load_handler(load.handler, Path(load.model_dir), context, finish)
        rows = load.batch_size if load.continuous and not handler.is_async else 0
        if rows and load.envelope:
            print(
                f"service_envelope={load.envelope} is not used: after its first step a row has no body", file=sys.stderr
            )
        elif not rows and (load.envelope or load.v2 is not None):
            from servescope.worker.envelopes.handing import wrap

            handler = wrap(load.envelope, handler, load.writing or AS_BEFORE, load.v2, load.model_version)
        _check_names(context)
    except BaseException as error:  # whatever a model raises while loading is an answer, sys.exit and Rust's panics too
        if os.getpid() != process:
            raise  # in a child that the handler forked, whose end is its own
        report_failure(error, [], f"Backend worker process died. Failed to load model {load.model_name}.")
        text = described(error)
        memory = isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and "CUDA" in text)
        reason = text_of(error) if isinstance(error, EngineFailed) else ""
        return None, Loaded(507 if memory else 500, text, False, reason=reason)
    return handler, Loaded(200, "", handler.is_async or rows > 0, context.served_models, rows=rows)


def _check_names(context: Context) -> None:
    """Raises: InvalidModel where a language model has more names than a message should tell."""
    names = context.served_models
    size = sum(len(text.encode()) for name in names for text in (name.id, name.root, name.parent or ""))
    if len(names) > MOST_NAMES or size > NAMES_LIMIT:
        raise InvalidModel(
            f"a language model with {len(names)} names of {size} bytes; at most {MOST_NAMES} of {NAMES_LIMIT} can be told"
        )


def open_sink(load: Load, memory: mmap.mmap) -> Sink:
    """Where the handler's measurements go: the memory, in which the front end reads them."""
    measuring = load.measuring or Measuring()
    return Each(memory) if measuring.each else Folding(memory, load.model_name, measuring)


def serve(channel: BlockingChannel, memory: mmap.mmap, in_children: Callable[[Callable[[], None]], None]) -> int:
    """Load and serve; the process's exit status. `in_children` has something called in each child that is forked."""
    load, _ = channel.receive()
    if not isinstance(load, Load):
        raise TypeError(f"the first message must be Load, not {type(load).__name__}")
    sink = open_sink(load, memory)
    in_children(sink.leave)
    context = build_context(load, CustomMetrics(load.model_name, load.metrics, load.auto_detect, sink=sink))
    # One loop for an asynchronous handler's whole life: what its `initialize` makes is often bound to the loop.
    with closing(Loop()) as loop:
        handler, loaded = load_model(load, context, loop.run)
        channel.send(loaded)
        if handler is None:
            return 1
        # Its own processors too: a model's interpreter may be a script that pins it to one.
        if load.busy_poll and not handler.is_async and len(os.sched_getaffinity(0)) > 1:
            channel.poll(polled_into(memory))
        _serve_with(handler, loaded, load, context, channel, loop.run)
    return 0


def _serve_with(
    handler: LoadedHandler,
    loaded: Loaded,
    load: Load,
    context: Context,
    channel: BlockingChannel,
    run: Finish,
) -> None:
    """Until told to stop, in the way that the handler and the model's options ask for."""
    decode, writing = load.decode_input and not handler.raw_bodies, load.writing or AS_BEFORE
    terms = Terms(channel, handler, context, decode, load.answer_limit, writing)
    if loaded.rows:
        from servescope.worker.sessions.continuous import ContinuousSession

        ContinuousSession(terms).run()
    elif not handler.is_async:
        Session(terms).run()
    else:
        from servescope.worker.sessions.concurrent import ConcurrentSession

        try:
            run(ConcurrentSession(terms).run())
        finally:
            if context.end is not None:
                context.end()


def prepare_interpreter() -> None:
    """What handlers expect to find: `ts` importable, lines out at once, their own logging handed over with what stdout has."""
    sys.path.insert(0, str(SHIM))
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    hand_over(sys.stdout)
    if importlib.util.find_spec("ts") is None:
        raise ImportError(f"the ts package that handlers import is missing from {SHIM}")


def lead_group() -> None:
    """Have a process group of its own: a terminal's Ctrl-C is the front end's to handle, and whoever ends the group ends what
    the handler started. No session of its own: Linux divides the processors among sessions first (sched(7), autogroup), and
    an engine that spins while it works would keep the front end waiting for hundreds of milliseconds.
    """
    if os.getpgrp() != os.getpid():
        os.setpgid(0, 0)


def main() -> int:
    """Serve on the first descriptor named on the command line, tell of what the handler registers with prometheus_client on the
    second, and measure in the memory behind the third.
    """
    lead_group()
    end_with_parent(os.environ)
    descriptors = [int(word) for word in sys.argv[1:4]]
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)
    prepare_interpreter()
    connection, probe = (socket.socket(fileno=descriptor) for descriptor in descriptors[:2])
    memory = mapped(descriptors[2])
    os.close(descriptors[2])
    Probe(probe).watch()
    channel = BlockingChannel(connection)
    try:
        return serve(channel, memory, lambda act: os.register_at_fork(after_in_child=act))
    except ChannelClosed:
        return 0


if __name__ == "__main__":
    sys.exit(main())
