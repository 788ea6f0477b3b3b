"""`ts.metrics.metric_cache_yaml_impl`: `context.metrics` from a metrics.yaml, for handlers' unit tests; the server makes its own.

What is written to it is logged, a line each, as TorchServe's workers do.
"""

import yaml

from servescope.worker.measuring.arguments import MetricTypes
from servescope.worker.measuring.custom_metrics import CustomMetrics
from servescope.worker.measuring.lines import Lines
from ts.metrics import metric_cache_errors as errors

_SECTION = "model_metrics"


class MetricsCacheYamlImpl(CustomMetrics):
    """The metrics of a file's section `model_metrics`, once `initialize_cache` is called.

    Raises:
        MetricsCacheTypeError: there is no path.
        MetricsCacheIOError: the file cannot be read.
        MetricsCachePyYamlError: it is no YAML.
    """

    def __init__(self, config_file_path) -> None:
        super().__init__(None, sink=Lines())
        if not config_file_path:
            raise errors.MetricsCacheTypeError(f"Config file not initialized: {config_file_path!r}")
        self.config_file_path = config_file_path
        self._read = _read(config_file_path)

    @property
    def model_name(self):
        """The value of the dimension ModelName."""
        return self._model_name

    @model_name.setter
    def model_name(self, name) -> None:
        self._model_name = name
        self._defaults = {"ModelName": name, "Level": "Model"}

    def set_request_ids(self, request_ids) -> None:
        """The ids that lines end with: one, or a request's place in the batch → its id."""
        several = request_ids if isinstance(request_ids, dict) else {}
        whole = ",".join(map(str, several.values())) if several else str(request_ids)
        self.request_id = lambda idx: several.get(idx, whole)

    def initialize_cache(self) -> None:
        """Make the metrics.

        Raises:
            MetricsCacheKeyError: there is no `model_metrics`, a type that is none, or a metric without name, unit or dimensions.
            MetricsCacheValueError: the section is empty, or not of this form.
        """
        section = self._parse_metrics_section(_SECTION)
        if not section or not isinstance(section, dict):
            raise errors.MetricsCacheValueError(f"Missing `{_SECTION}` specification: {section!r}")
        for name, metrics in section.items():
            try:
                kind = MetricTypes(name)
            except ValueError as error:
                raise errors.MetricsCacheKeyError(f"Invalid metric type: {error}") from error
            if not isinstance(metrics, list):
                raise errors.MetricsCacheValueError(f"`{name}` must be a list of metrics, not {metrics!r}")
            for one in metrics:
                self._declare(one, kind)

    def _declare(self, one, kind):
        if not isinstance(one, dict):
            raise errors.MetricsCacheValueError(f"a metric must have name, unit and dimensions: {one!r}")
        try:
            self.add_metric_to_cache(one["name"], one["unit"], one["dimensions"], kind)
        except KeyError as error:
            raise errors.MetricsCacheKeyError(f"Key not found in cache spec: {error}") from error

    def cache_keys(self):
        """`type:name` of each metric."""
        return [f"{kind.value}:{name}" for kind, metrics in self.cache.items() for name in metrics]

    def _parse_metrics_section(self, key=_SECTION):
        try:
            return self._read[key]
        except (KeyError, TypeError) as error:
            raise errors.MetricsCacheKeyError(f"'{key}' key not found in yaml file: {error}") from error


def _read(path):
    try:
        with open(path, encoding="utf-8") as file:
            return yaml.safe_load(file)
    except yaml.YAMLError as error:
        raise errors.MetricsCachePyYamlError(f"{path}: {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise errors.MetricsCacheIOError(f"{path}: {error}") from error
