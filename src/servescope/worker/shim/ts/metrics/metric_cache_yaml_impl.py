"""`ts.metrics.metric_cache_yaml_impl`: `context.metrics` from a metrics.yaml, for handlers' unit tests; the server makes its own.

What is written to it is logged, a line each, as TorchServe's workers do. What a test gets wrong raises, as there.
"""

import os

import yaml

from servescope.worker.measuring.arguments import MetricTypes
from servescope.worker.measuring.custom_metrics import SIZE_UNITS, TIME_UNITS, CustomMetrics
from servescope.worker.measuring.lines import Lines
from ts.metrics import metric_cache_errors as errors

_SECTION = "model_metrics"
_TIME_WORDS = "the unit for a timed metric should be one of ['ms', 's']"
_SIZE_WORDS = "The unit for size based metric is one of ['MB','kB', 'GB', 'B']"


class MetricsCacheYamlImpl(CustomMetrics):
    """The metrics of a file's section `model_metrics`, once `initialize_cache` is called.

    Until it knows of requests, what is written is under Level=Error alone.

    Raises:
        MetricsCacheTypeError: there is no path.
        MetricsCacheIOError: the file cannot be read.
        MetricsCachePyYamlError: it is no YAML.
    """

    def __init__(self, config_file_path) -> None:
        super().__init__(None, sink=Lines())
        try:
            os.path.exists(config_file_path)
        except TypeError as error:
            raise errors.MetricsCacheTypeError(f"Error loading {config_file_path} file: {error}") from error
        if not config_file_path:
            raise errors.MetricsCacheTypeError(f"Config file not initialized: {config_file_path!r}")
        self.config_file_path = config_file_path
        self._parsed_file = _read(config_file_path)

    @property
    def model_name(self):
        """The value of the dimension ModelName."""
        return self._model_name

    @model_name.setter
    def model_name(self, name) -> None:
        self._model_name = name
        self._of_requests = {"ModelName": name, "Level": "Model"}

    @property
    def _defaults(self):
        """The dimensions that are added, as TorchServe's cache decides on them."""
        return self._of_requests if self.request_id is not None else self._of_none

    @_defaults.setter
    def _defaults(self, dimensions) -> None:
        self._of_requests = dimensions
        self._of_none = {"Level": "Error"}

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
            MetricsCacheTypeError: a name or a unit is no text, or the dimensions are no list.
        """
        section = self._parse_metrics_section(_SECTION)
        if not section:
            raise errors.MetricsCacheValueError(f"Missing `{_SECTION}` specification")
        if not isinstance(section, dict):
            raise errors.MetricsCacheValueError(f"`{_SECTION}` must name types of metrics, and is {section!r}")
        try:
            for name, metrics in section.items():
                self._declare_all(_kind(name), name, metrics)
        except _Missing as error:
            raise errors.MetricsCacheKeyError(f"Key not found in cache spec: {error}") from error

    def _declare_all(self, kind, name, metrics):
        if not isinstance(metrics, list):
            raise errors.MetricsCacheValueError(f"`{name}` must be a list of metrics, not {metrics!r}")
        for one in metrics:
            if not isinstance(one, dict):
                raise errors.MetricsCacheValueError(f"a metric must have name, unit and dimensions: {one!r}")
            for key in ("name", "unit", "dimensions"):
                if key not in one:
                    raise _Missing(repr(key))
            self.add_metric_to_cache(one["name"], one["unit"], one["dimensions"], kind)

    def add_metric_to_cache(self, metric_name, unit, dimension_names=None, metric_type=MetricTypes.COUNTER):
        """Declare a metric, in place of one of the same name and type. Raises: MetricsCacheTypeError: a wrong argument."""
        _check(metric_name, str, "`metric_name` must be a str")
        _check(unit, str, "`unit` must be a str")
        _check(metric_type, MetricTypes, "`metric_type` must be a MetricTypes enum")
        if dimension_names:
            _check(dimension_names, list, "`dimension_names` should be a list of dimension name strings")
        return super().add_metric_to_cache(metric_name, unit, dimension_names, metric_type)

    def get_metric(self, metric_name, metric_type=MetricTypes.COUNTER):
        """The metric. Raises: MetricsCacheTypeError: a wrong argument; MetricsCacheKeyError: there is none."""
        _check(metric_name, str, "`metric_name` must be a str")
        _check(metric_type, MetricTypes, "`metric_type` must be a MetricTypes enum")
        if (found := self.cache[metric_type].get(metric_name)) is None:
            raise errors.MetricsCacheKeyError(f"Metric of type '{metric_type}' and name '{metric_name}' doesn't exist")
        return found

    def add_time(self, name, value, idx=None, unit="ms", dimensions=None, metric_type=MetricTypes.GAUGE) -> None:
        """Write a duration. Raises: MetricsCacheValueError: another unit."""
        _check_unit(unit, TIME_UNITS, _TIME_WORDS)
        super().add_time(name, value, idx, unit, dimensions, metric_type)

    def add_size(self, name, value, idx=None, unit="MB", dimensions=None, metric_type=MetricTypes.GAUGE) -> None:
        """Write a size. Raises: MetricsCacheValueError: another unit."""
        _check_unit(unit, SIZE_UNITS, _SIZE_WORDS)
        super().add_size(name, value, idx, unit, dimensions, metric_type)

    def cache_keys(self):
        """`type:name` of each metric."""
        return [f"{kind.value}:{name}" for kind, metrics in self.cache.items() for name in metrics]

    def _parse_metrics_section(self, key=_SECTION):
        try:
            return self._parsed_file[key]
        except (KeyError, TypeError) as error:
            raise errors.MetricsCacheKeyError(f"'{key}' key not found in yaml file: {error}") from error


class _Missing(Exception):
    """A metric lacks this key."""


def _kind(name):
    try:
        return MetricTypes(name)
    except ValueError as error:
        raise errors.MetricsCacheKeyError(f"Invalid metric type: {error}") from error


def _check(value, kind, words):
    """The words are TorchServe's, which tests compare; the value is in the note. Raises: MetricsCacheTypeError."""
    if not isinstance(value, kind):
        raise _noted(errors.MetricsCacheTypeError(words), value)


def _check_unit(unit, units, words):
    if unit not in units:
        raise _noted(errors.MetricsCacheValueError(words), unit)


def _noted(error, value):
    error.add_note(f"It is {value!r}")
    return error


def _read(path):
    try:
        with open(path, encoding="utf-8") as file:
            return yaml.safe_load(file)
    except yaml.YAMLError as error:
        raise errors.MetricsCachePyYamlError(f"{path}: {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise errors.MetricsCacheIOError(f"{path}: {error}") from error
