"""`ts.metrics.metric_encoder`: metrics and dimensions as JSON."""

import json

from ts.metrics.dimension import Dimension
from ts.metrics.metric import Metric


class MetricEncoder(json.JSONEncoder):
    """`json.dumps(metrics, cls=MetricEncoder)`."""

    def default(self, obj):
        """See JSONEncoder."""
        return obj.to_dict() if isinstance(obj, (Metric, Dimension)) else super().default(obj)
