"""Template variables: in, which family and label a board chooses by; out, `Variable`s, and Grafana's own of them.

Named by `boards`, drawn by `encode`. All but the quantile take several values or all; expressions use them only as
`label=~"$variable"`, where Grafana escapes what a regular expression would read.
"""

from dataclasses import dataclass
from typing import Final

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import dashboard as sdk

from servescope.operate.promql import Matcher, like, metric

SOURCE: Final = sdk.DataSourceRef(type_val="prometheus", uid="${datasource}")
_QUANTILES: Final = ("0.5", "0.9", "0.95", "0.99", "0.999")
_QUANTILE: Final = "0.99"


@dataclass(frozen=True, slots=True)
class Variable:
    """The values that `label` has in the series of `family`, narrowed by the variables before it.

    `all_value` is the regular expression that All stands for; where it is empty, Grafana writes out all the values.
    """

    name: str
    heading: str
    description: str
    family: str
    label: str
    narrowed: tuple[Matcher, ...] = ()
    all_value: str = ""

    @property
    def query(self) -> str:
        """What Grafana asks Prometheus for. Raises PromqlError where the family or its label do not exist."""
        selector = metric(self.family).where(like(self.label, ".*"))
        return f"label_values({metric(self.family).where(*self.narrowed)}, {selector.matchers[0].label})"


_JOB: Final = like("job", "$job")
_INSTANCE: Final = like("instance", "$instance")


def target_variables(family: str) -> tuple[Variable, ...]:
    """Job and instance, of what has this family. All of them are these, so that `up` and `process_…` of others stay out."""
    return (
        Variable("job", "Job", "Prometheus' scrape job.", family, "job"),
        Variable("instance", "Instance", "Servers, by the address that is scraped.", family, "instance", (_JOB,)),
    )


def model_variables(family: str) -> tuple[Variable, ...]:
    """Job, instance, model and version, of what has this family."""
    target = (_JOB, _INSTANCE)
    by_model = (*target, like("model_name", "$model"))
    return (
        *target_variables(family),
        Variable("model", "Model", "Models, by name.", family, "model_name", target, ".*"),
        Variable("version", "Version", "The version that answered.", family, "model_version", by_model, ".*"),
    )


def drawn(variables: tuple[Variable, ...], *, uid: str, quantile: bool) -> list[Builder[sdk.VariableModel]]:
    """Grafana's variables: the data source with this uid first, the quantile (0.99 at first) last where there is one."""
    found: list[Builder[sdk.VariableModel]] = [_datasource(uid), *map(_query, variables)]
    if quantile:
        found.append(_quantile())
    return found


def _datasource(uid: str) -> build.DatasourceVariable:
    chosen = sdk.VariableOption(selected=True, text=uid, value=uid)
    return (
        build.DatasourceVariable("datasource")
        .label("Data source")
        .description("The Prometheus that scrapes the servers and has the recording rules.")
        .type("prometheus")
        .current(chosen)
    )


def _query(variable: Variable) -> build.QueryVariable:
    query = (
        build.QueryVariable(variable.name)
        .label(variable.heading)
        .description(variable.description)
        .datasource(SOURCE)
        .query({"query": variable.query, "refId": f"variable-{variable.name}"})
        .refresh(sdk.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(sdk.VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        .current(sdk.VariableOption(selected=True, text=["All"], value=["$__all"]))
    )
    return query.all_value(variable.all_value) if variable.all_value else query


def _quantile() -> build.CustomVariable:
    return (
        build.CustomVariable("quantile")
        .label("Quantile")
        .description("The quantile that panels of durations show: 0.99 is what one request in a hundred exceeds.")
        .values(",".join(_QUANTILES))
        .options([sdk.VariableOption(selected=one == _QUANTILE, text=one, value=one) for one in _QUANTILES])
        .current(sdk.VariableOption(selected=True, text=_QUANTILE, value=_QUANTILE))
    )
