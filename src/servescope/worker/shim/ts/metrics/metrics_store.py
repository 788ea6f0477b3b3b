"""`ts.metrics.metrics_store`: metrics kept in a list, as handlers' unit tests look at them. `context.metrics` is another."""

from ts.metrics.dimension import Dimension
from ts.metrics.metric import Metric

TIME_UNITS = ("ms", "s")
SIZE_UNITS = ("MB", "kB", "GB", "B")


class MetricsStore:
    """Deprecated in TorchServe too. `store` has the metrics in the order in which they were made.

    `request_ids` maps a request's place in the batch to its id, or is one id.
    """

    def __init__(self, request_ids, model_name) -> None:
        self.store = []
        self.request_ids = request_ids
        self.model_name = model_name
        self.cache = {}

    def add_counter(self, name, value, idx=None, dimensions=None) -> None:
        """Add to a counter."""
        self._add_or_update(name, value, self._get_req(idx), "count", "counter", dimensions)

    def add_time(self, name, value, idx=None, unit="ms", dimensions=None) -> None:
        """Set a time, in ms or s."""
        self._set(
            name,
            value,
            idx,
            _checked(unit, TIME_UNITS, "the unit for a timed metric should be one of ['ms', 's']"),
            dimensions,
        )

    def add_size(self, name, value, idx=None, unit="MB", dimensions=None) -> None:
        """Set a size, in MB, kB, GB or B."""
        self._set(
            name,
            value,
            idx,
            _checked(unit, SIZE_UNITS, "The unit for size based metric is one of ['MB','kB', 'GB', 'B']"),
            dimensions,
        )

    def add_percent(self, name, value, idx=None, dimensions=None) -> None:
        """Set a percentage."""
        self._set(name, value, idx, "percent", dimensions)

    def add_error(self, name, value, dimensions=None) -> None:
        """Set an error's text or number, which belongs to no request."""
        self._add_or_update(name, value, None, "", None, dimensions)

    def add_metric(self, name, value, unit, idx=None, dimensions=None) -> None:
        """Set any metric, in any unit."""
        self._set(name, value, idx, unit, dimensions)

    def _set(self, name, value, idx, unit, dimensions):
        self._add_or_update(name, value, self._get_req(idx), unit, None, dimensions)

    def _get_req(self, idx):
        ids = self.request_ids
        if not isinstance(ids, dict):
            return ids
        return ids[idx] if idx in ids else ",".join(map(str, ids.values()))

    def _add_or_update(self, name, value, req_id, unit, metrics_method=None, dimensions=None):
        if dimensions is not None and not isinstance(dimensions, list):
            raise ValueError(f"Please provide a list of dimensions, not {dimensions!r}")
        own = [("Level", "Error")] if req_id is None else [("ModelName", self.model_name), ("Level", "Model")]
        labels = [*(dimensions or []), *(Dimension(*one) for one in own)]
        key = "-".join([name, unit, str(req_id), *map(str, labels)])
        if key in self.cache:
            self.cache[key].update(value)
            return
        self.cache[key] = Metric(name, value, unit, labels, req_id, metrics_method)
        self.store.append(self.cache[key])


def _checked(unit, units, words):
    if unit in units:
        return unit
    error = ValueError(words)  # TorchServe's, which tests compare
    error.add_note(f"It is {unit!r}")
    raise error
