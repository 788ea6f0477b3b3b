"""Heat maps' queries: in, a histogram and its form; out, a `Query` of how many were observed how large, a second."""

from servescope.operate.grafana.narrowed import RATE
from servescope.operate.grafana.panel import Query
from servescope.operate.promql import Form, Selector, heat


def distribution(histogram: Selector, form: Form, *, exemplars: bool = False) -> Query:
    """Over all that the selector chooses: a series a bucket, named by its bound, or one series of histograms."""
    return Query(
        heat(histogram, RATE, (), form), "{{le}}" if form == "classic" else "observations", exemplars=exemplars
    )
