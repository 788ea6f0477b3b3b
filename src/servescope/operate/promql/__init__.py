"""PromQL as Python values: in, names of families, labels and recordings; out, expressions, whose `str` is PromQL.

Used by `operate`'s rules and boards. A family or label that `metrics.definitions` lacks, a label that an aggregation has
dropped, a match between series that can never match: each raises `PromqlError` where it is written, so no such
expression comes to exist.
"""

from servescope.operate.promql.aggregation import avg_by, count_by, max_by, min_by, sum_by, topk
from servescope.operate.promql.counting import rises, sum_counted, sum_gained, young
from servescope.operate.promql.expression import Expression, PromqlError, both, number, ratio, share
from servescope.operate.promql.functions import (
    absent,
    avg_over_time,
    clamp_max,
    clamp_min,
    count_over_time,
    delta,
    increase,
    label_text,
    last_over_time,
    max_over_time,
    min_over_time,
    predict_linear,
    rate,
    recent,
    sum_over_time,
    text_function,
)
from servescope.operate.promql.histogram import (
    FORMS,
    Form,
    events_increase,
    events_rate,
    heat,
    mean,
    quantile,
    quantile_of,
    sum_rate,
)
from servescope.operate.promql.matchers import Matcher, differs, equal, like, one_of, quoted, unlike
from servescope.operate.promql.recording import Recording, Recordings
from servescope.operate.promql.selector import Selector, metric

__all__ = [
    "FORMS",
    "Expression",
    "Form",
    "Matcher",
    "PromqlError",
    "Recording",
    "Recordings",
    "Selector",
    "absent",
    "avg_by",
    "avg_over_time",
    "both",
    "clamp_max",
    "clamp_min",
    "count_by",
    "count_over_time",
    "delta",
    "differs",
    "equal",
    "events_increase",
    "events_rate",
    "heat",
    "increase",
    "label_text",
    "last_over_time",
    "like",
    "max_by",
    "max_over_time",
    "mean",
    "metric",
    "min_by",
    "min_over_time",
    "number",
    "one_of",
    "predict_linear",
    "quantile",
    "quantile_of",
    "quoted",
    "rate",
    "ratio",
    "recent",
    "rises",
    "share",
    "sum_by",
    "sum_counted",
    "sum_gained",
    "sum_over_time",
    "sum_rate",
    "text_function",
    "topk",
    "unlike",
    "young",
]
