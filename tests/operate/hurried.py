"""What `servescope prometheus` writes, in a hurry: in, the address of a metrics port and the histograms' form; out, files.

Only how often things happen is changed, not how far back the rules look, so every window has the whole of a load in it.
"""

import yaml

from servescope.findings.thresholds.thresholds import Thresholds
from servescope.operate.discovery import discovery_of
from servescope.operate.prometheus import prometheus_files
from servescope.operate.promql import Form

# The features that Prometheus needs for each form.
FEATURES = {"classic": ("exemplar-storage",), "native": ("exemplar-storage", "native-histograms")}
# As in operators' configuration the two are the same, so that recorded rates weigh each scrape alike.
SCRAPES = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}


def hurried(target: str, form: Form, thresholds: Thresholds | None = None) -> dict[str, str]:
    """The files for one server, which scrape it and evaluate the rules each second."""
    written = prometheus_files(discovery_of((target,), None, None), thresholds or Thresholds(), form)
    main = yaml.safe_load(written["prometheus.yml"])
    del main["alerting"]  # there is no Alertmanager
    main["global"] = SCRAPES
    rules = {path: _often(written[path]) for path in written if path.startswith("rules/")}
    return {"prometheus.yml": yaml.safe_dump(main), **rules}


def _often(text: str) -> str:
    groups = [{**group, "interval": "1s"} for group in yaml.safe_load(text)["groups"]]
    return yaml.safe_dump({"groups": groups})
