"""The demo's alerts: Prometheus and Alertmanager beside the server, a model that is slowed, and what they say of it.

In: the two programs, the server's addresses, the demo's folder. Out: a table on the terminal, from both programs' APIs.
Called by `demo`. What it starts, and what they store, goes with the block that it was started for.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from servescope.cli.demo import drowsy
from servescope.cli.demo.digits import DemoError
from servescope.cli.demo.programs import Programs, free_ports, program
from servescope.cli.demo.rules import demo_files
from servescope.cli.demo.screen import Screen
from servescope.cli.demo.track import INACTIVE, Listed, Track, also_active, followed, title
from servescope.operate.writer import write_files

if TYPE_CHECKING:
    import httpx
    from rich.console import Console

# One waits before it fires (`for`), the other, which looks at two windows, does not.
_WATCHED = ({"alertname": "ServescopeSlow"}, {"alertname": "ServescopeLatencyBudgetBurns", "window": "1h"})
_MODEL = {"model_name": drowsy.NAME}
# What the two compare; there is nothing to alert on before it is there.
_MEASURED = (
    f'model:servescope_request_duration_seconds:p99_5m{{model_name="{drowsy.NAME}"}} and on (model_name)'
    f' model_slo:servescope_slo_errors:ratio_1h{{model_name="{drowsy.NAME}",slo="latency"}}'
)
_HEALTHY_S = 4.0
_PATIENCE_S = 60.0
_POLL_S = 0.25


@dataclass(frozen=True)
class Watchers:
    """URLs of the two programs, without a path."""

    prometheus: str
    alertmanager: str


@contextmanager
def watchers(programs: Programs, folder: Path, metrics: str) -> Iterator[Watchers]:
    """Prometheus, which scrapes the server at the URL `metrics`, and Alertmanager, on free ports of 127.0.0.1.

    Their configuration is in `folder`/prometheus, their logs in `folder`/logs. DemoError if one does not start.
    """
    own, other = (f"127.0.0.1:{port}" for port in free_ports(2))
    config, logs = folder / "prometheus", folder / "logs"
    write_files(config, demo_files(urlsplit(metrics).netloc, other), force=True)
    with ExitStack() as stack:
        data = Path(stack.enter_context(TemporaryDirectory(prefix="watchers-", dir=folder)))
        alertmanager = [
            programs.alertmanager,
            f"--config.file={config / 'alertmanager.yml'}",
            f"--storage.path={data / 'alertmanager'}",
            f"--web.listen-address={other}",
            "--cluster.listen-address=",  # one of them needs no peers, and no port for them
        ]
        prometheus = [
            programs.prometheus,
            f"--config.file={config / 'prometheus.yml'}",
            f"--storage.tsdb.path={data / 'prometheus'}",
            f"--web.listen-address={own}",
        ]
        stack.enter_context(program(alertmanager, logs / "alertmanager.log", f"http://{other}/-/ready"))
        stack.enter_context(program(prometheus, logs / "prometheus.log", f"http://{own}/-/ready"))
        yield Watchers(f"http://{own}", f"http://{other}")


def show_alerts(console: "Console", found: Watchers, inference: str, folder: Path) -> tuple[Track, ...]:
    """Slow the model, wait until its alerts fire, let it recover, wait until they are resolved; and show it.

    The alerts as they are at the end. `inference`: the inference API's URL. Raises DemoError if requests fail or the
    alerts do not come or go.
    """
    import httpx

    switch = drowsy.switch(folder)
    url = f"{inference}/predictions/{drowsy.NAME}"
    with httpx.Client(trust_env=False) as client, drowsy.load(url) as load, Screen(console) as screen:
        watch = _Watch(client, found, load, screen)
        try:
            watch.until("The model answers in time", watch.healthy)
            switch.touch()
            watch.until("The model is slow now", lambda: all(track.fires for track in watch.tracks))
            switch.unlink(missing_ok=True)
            watch.until("The model answers in time again", lambda: all(track.over for track in watch.tracks))
        finally:
            switch.unlink(missing_ok=True)
    for track in watch.tracks:
        told = track.told or {}
        console.print(f"{title(track.labels)}: {told.get('summary')}. {told.get('description')}", soft_wrap=True)
    if others := also_active(watch.tracks, watch.prometheus, **_MODEL):
        console.print(f"Of longer windows, and so not over yet: {', '.join(others)}", soft_wrap=True)
    return watch.tracks


class _Watch:
    """Looks at both programs again and again."""

    def __init__(self, client: "httpx.Client", found: Watchers, load: drowsy.Load, screen: Screen) -> None:
        self._client, self._found, self._load, self._screen = client, found, load, screen
        self._began = time.monotonic()
        self.prometheus: list[Listed] = []
        self.tracks = tuple(Track({**labels, **_MODEL}) for labels in _WATCHED)

    def until(self, phase: str, reached: Callable[[], bool]) -> None:
        """Look until it is so. DemoError after 60 s, which says what is so instead."""
        self._screen.phase(phase, self._now())
        end = time.monotonic() + _PATIENCE_S
        self._look()
        while not reached():
            if time.monotonic() > end:
                states = ", ".join(f"{title(one.labels)} is {one.prometheus}" for one in self.tracks)
                raise DemoError(
                    f"{phase}, and after {_PATIENCE_S:g} s {states}; look at {self._found.prometheus}/alerts"
                )
            time.sleep(_POLL_S)
            self._look()

    def healthy(self) -> bool:
        """Whether the rules have values of the model, and neither alert is active, after some seconds at least."""
        if self._now() < _HEALTHY_S or any(track.prometheus != INACTIVE for track in self.tracks):
            return False
        answer = self._get(f"{self._found.prometheus}/api/v1/query", query=_MEASURED)
        return bool(answer["data"]["result"])

    def _look(self) -> None:
        self._load.check()
        self.prometheus = self._get(f"{self._found.prometheus}/api/v1/alerts")["data"]["alerts"]
        alertmanager = self._get(f"{self._found.alertmanager}/api/v2/alerts")
        now = self._now()
        self.tracks = tuple(followed(track, self.prometheus, alertmanager, now) for track in self.tracks)
        self._screen.show(self.tracks)

    def _get(self, url: str, **query: str) -> Any:
        import httpx

        try:
            answer = self._client.get(url, params=query)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise DemoError(f"{url} does not answer: {error}") from error
        return answer.json()

    def _now(self) -> float:
        return time.monotonic() - self._began
