"""Whether a request of a running batch is done: in, what the handler has set in its context; out, yes or no. Asked by `continuous`.

As TorchServe's create_predict_response: `context.stopping_criteria[idx]` is called with what the handler returned for the request,
and True means done, False more; None leaves the header `ts_stream_next` of its answer as the handler set it.
"""

from typing import Any, Final

from servescope.worker.handler.context import Context

STREAM_NEXT: Final = "ts_stream_next"


def goes_on(context: Context, index: int, output: Any) -> bool:
    """Whether there will be more of the answer, which its headers say from now on. Whatever a criterion raises comes through."""
    processor = context.request_processor[index]
    criteria = context.stopping_criteria
    if criteria:
        done = criteria[index](output)
        if done is not None:
            processor.add_response_property(STREAM_NEXT, "false" if done else "true")
    elif STREAM_NEXT in processor.response_headers:
        processor.add_response_property(STREAM_NEXT, "false")
    return bool(processor.response_headers.get(STREAM_NEXT) == "true")
