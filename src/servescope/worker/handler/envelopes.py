"""`service_envelope`: unwraps a request's body for a handler and wraps its answer again.

In: the option's value and a loaded handler, from `worker.__main__`. Out: the same handler behind `parse_input` and
`format_output`. The four forms are TorchServe's (ts.torch_handler.request_envelope), which re-exports these classes.
"""

import base64
import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from servescope.errors import ConfigurationError
from servescope.worker.handler.context import Context
from servescope.worker.handler.loader import LoadedHandler, is_async

Row = dict[str, Any]


def _body(row: Row) -> Any:
    """What a request carries: its field `data`, else `body`."""
    data = row.get("data")
    return row.get("body") if data is None else data


def _document(row: Row, envelope: str, key: str) -> Row:
    """A request's JSON object, from text where it came undecoded.

    Raises:
        ValueError: not JSON, not an object, or without `key`.
    """
    body = _body(row)
    if isinstance(body, (bytes, bytearray, str)):
        body = json.loads(body)
    if not isinstance(body, dict) or not isinstance(body.get(key), list):
        raise ValueError(f"service_envelope={envelope}: a body must be a JSON object with a list under {key!r}")
    return body


def _decoded(instance: Any) -> Any:
    """An instance of the `json` form: `{"b64": …}`, or a field of that kind, stands for the bytes that it encodes."""
    if not isinstance(instance, dict):
        return instance
    if list(instance) == ["b64"]:
        return base64.b64decode(instance["b64"])
    return {
        key: _decoded(value) if isinstance(value, dict) and list(value) == ["b64"] else value
        for key, value in instance.items()
    }


class BaseEnvelope:
    """Calls `handle_fn` on what `parse_input` makes of the rows, and gives its result to `format_output`."""

    def __init__(self, handle_fn: Callable[[Any, Context], Any]) -> None:
        self._handle_fn = handle_fn
        self.context: Any = None

    def handle(self, data: list[Row], context: Context) -> Any:
        """One batch. An asynchronous handler's coroutine is passed on, its result wrapped when it is there."""
        self.context = context
        results = self._handle_fn(self.parse_input(data), context)
        return self._format_later(results) if inspect.isawaitable(results) else self.format_output(results)

    async def _format_later(self, results: Any) -> Any:
        return self.format_output(await results)

    def parse_input(self, data: list[Row]) -> Any:
        """Rows → what the handler is given."""
        raise NotImplementedError(f"{type(self).__name__}.parse_input")

    def format_output(self, data: Any) -> Any:
        """What the handler returned → one answer a request."""
        raise NotImplementedError(f"{type(self).__name__}.format_output")

    def _is_explain(self) -> bool:
        return bool(self.context) and self.context.get_request_header(0, "explain") == "True"


class BodyEnvelope(BaseEnvelope):
    """`body`: the handler is given the bodies themselves."""

    def parse_input(self, data: list[Row]) -> list[Any]:
        """One body a request."""
        return [_body(row) for row in data]

    def format_output(self, data: Any) -> Any:
        """As it is."""
        return data


class JSONEnvelope(BaseEnvelope):
    """`json`: `{"instances": [...]}` of all requests as one list; `{"predictions": [...]}` to each."""

    def __init__(self, handle_fn: Callable[[Any, Context], Any]) -> None:
        super().__init__(handle_fn)
        self._lengths: list[int] = []

    def parse_input(self, data: list[Row]) -> list[Any]:
        """All instances of all requests, in order."""
        batches = [[_decoded(one) for one in _document(row, "json", "instances")["instances"]] for row in data]
        self._lengths = [len(batch) for batch in batches]
        return [instance for batch in batches for instance in batch]

    def format_output(self, data: Sequence[Any]) -> list[str]:
        """One JSON text a request, with as many predictions as it had instances."""
        answers = []
        start = 0
        for length in self._lengths:
            answers.append(json.dumps({"predictions": list(data[start : start + length])}))
            start += length
        return answers


class KServeEnvelope(BaseEnvelope):
    """`kserve`: the instances of the first request; `{"predictions": …}` or, when explaining, `{"explanations": …}`."""

    def parse_input(self, data: list[Row]) -> list[Any]:
        """The first request's instances, [] for an empty batch."""
        instances: list[Any] = _document(data[0], "kserve", "instances")["instances"] if data else []
        return instances

    def format_output(self, data: Any) -> list[Any]:
        """One answer."""
        if not data:
            return []
        return [{"explanations" if self._is_explain() else "predictions": data}]


class KServev2Envelope(BaseEnvelope):
    """`kservev2`: each input of the first request is a row; each output is named as its input."""

    def __init__(self, handle_fn: Callable[[Any, Context], Any]) -> None:
        super().__init__(handle_fn)
        self._names: list[str] = []
        self._id: str | None = None

    def parse_input(self, data: list[Row]) -> list[Row]:
        """Inputs with `data` nested as `shape` says; the first element alone where the datatype is BYTES."""
        document = _document(data[0], "kservev2", "inputs")
        inputs: list[Row] = document["inputs"]
        self._names = [str(one.get("name", f"input-{place}")) for place, one in enumerate(inputs)]
        self._id = document.get("id")
        return [{**one, "data": _input_data(one)} for one in inputs]

    def format_output(self, data: Sequence[Any]) -> list[Row]:
        """One answer with all outputs."""
        if len(data) != len(self._names):
            raise ValueError(f"service_envelope=kservev2: {len(self._names)} inputs, but {len(data)} outputs")
        model = self.context.manifest.get("model", {})
        return [
            {
                "id": self._id if self._id is not None else self.context.get_request_id(0),
                "model_name": model.get("modelName"),
                "model_version": model.get("modelVersion"),
                "outputs": [_output(name, value) for name, value in zip(self._names, data, strict=True)],
            }
        ]


def _input_data(tensor: Row) -> Any:
    data = tensor.get("data")
    if tensor.get("datatype") == "BYTES":
        return data[0] if isinstance(data, list) and len(data) == 1 else data
    return _nest(data, tensor.get("shape"))


def _nest(flat: Any, shape: Any) -> Any:
    """A flat list in the nesting of `shape`; anything else as it is, for the handler to judge."""
    if not isinstance(shape, list) or len(shape) < 2 or not isinstance(flat, list):
        return flat
    if any(isinstance(one, list) for one in flat):
        return flat
    for length in reversed(shape[1:]):
        if length < 1 or len(flat) % length:
            raise ValueError(f"service_envelope=kservev2: {len(flat)} values at this depth do not fit shape {shape}")
        flat = [flat[start : start + length] for start in range(0, len(flat), length)]
    return flat


def _flatten(value: Any) -> list[Any]:
    if isinstance(value, (list, tuple)):
        return [leaf for one in value for leaf in _flatten(one)]
    return [value]


_DATATYPES: Mapping[str, str] = {
    "bool": "BOOL",
    "int": "INT64",
    "float": "FP64",
    **{f"{kind}{bits}": f"{kind.upper()}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)},
    **{f"float{bits}": f"FP{bits}" for bits in (16, 32, 64)},
}


def _output(name: str, value: Any) -> Row:
    """One output tensor, flat; a numpy array's or torch tensor's datatype is its own, a number's the widest."""
    own = getattr(value, "dtype", None)
    leaves = _flatten(value.tolist() if own is not None else value)
    kinds = {type(leaf).__name__ for leaf in leaves}
    kind = (
        str(own).removeprefix("torch.") if own is not None else "float" if kinds == {"int", "float"} else "".join(kinds)
    )
    return {"name": name, "datatype": _DATATYPES.get(kind, "BYTES"), "data": leaves, "shape": [len(leaves)]}


ENVELOPES: Mapping[str, type[BaseEnvelope]] = {
    "body": BodyEnvelope,
    "json": JSONEnvelope,
    "kserve": KServeEnvelope,
    "kservev2": KServev2Envelope,
}


def wrap(envelope: str, handler: LoadedHandler) -> LoadedHandler:
    """The handler behind the envelope that `service_envelope` names.

    Raises:
        ConfigurationError: there is no such envelope.
    """
    kind = ENVELOPES.get(envelope)
    if kind is None:
        raise ConfigurationError(f"service_envelope={envelope}: not one of {', '.join(ENVELOPES)}")
    if not handler.is_async:
        return LoadedHandler(kind(handler.entry).handle, False, handler.raw_bodies)

    async def handle(data: list[Row], context: Context) -> Any:
        # Batches overlap, and an envelope remembers its own: one envelope each.
        return await kind(handler.entry).handle(data, context)

    return LoadedHandler(handle, is_async(handle), handler.raw_bodies)
