"""`ts.model_service.model_service`: handlers that are told their inputs by a signature file, as Multi Model Server had them."""

import ast
import json
import logging
import os
import time

logger = logging.getLogger(__name__)


class ModelService:
    """A handler with a signature, a JSON file that the manifest names under `Model`, `Signature`.

    It says `input_type`, and under `inputs` the first field's `data_name`. A subclass has `inference` and `ping`.
    """

    def __init__(self, model_name, model_dir, manifest, gpu=None) -> None:
        self.ctx = None
        self._context = None
        self._signature = None

    def initialize(self, context) -> None:
        """Read the signature.

        Raises:
            ValueError: there is no such file.
        """
        self._context = context
        path = os.path.join(context.system_properties.get("model_dir"), context.manifest["Model"]["Signature"])
        if not os.path.isfile(path):
            raise ValueError(f"Signature file is not found: {path}")
        with open(path, encoding="utf-8") as file:
            self._signature = json.load(file)

    def inference(self, data):
        """The outputs for a list of inputs."""
        raise NotImplementedError(f"{type(self).__name__} has no inference")

    def ping(self):
        """What a health check is told."""
        raise NotImplementedError(f"{type(self).__name__} has no ping")

    def signature(self):
        """The signature as it was read."""
        return self._signature

    def handle(self, data, context):
        """The first row's field, that of the signature or `body` or `data`, through `inference`; a list."""
        row = data[0]
        names = (self._signature["inputs"][0]["data_name"], "body", "data")
        value = next((row[name] for name in names if row.get(name) is not None), None)
        if self._signature["input_type"] == "application/json" and isinstance(value, (bytes, bytearray)):
            value = ast.literal_eval(value.decode("utf-8"))
        answer = self.inference([value])
        return answer if isinstance(answer, list) else [answer]


class SingleNodeService(ModelService):
    """One whose `inference` is `_preprocess`, `_inference`, `_postprocess`, each of them logged with its time."""

    def inference(self, data):
        """The three steps."""
        for name, step in (
            ("preprocess", self._preprocess),
            ("inference", self._inference),
            ("postprocess", self._postprocess),
        ):
            started = time.perf_counter()
            data = step(data)
            logger.info("%s time: %.2f", name, (time.perf_counter() - started) * 1000)
        return data

    def _preprocess(self, data):
        return data

    def _inference(self, data):
        return data

    def _postprocess(self, data):
        return data
