"""One history evaluated twice: in, samples and when they were scraped; out, promtool's verdict on what VictoriaMetrics made.

VictoriaMetrics gets the samples and evaluates every rule over them; what it recorded and which alerts fired goes to promtool
beside the samples: as `most` and `least` of the evaluations around, since where a window's edge cuts a burst the two may differ
for one or two. Promtool evaluates the same rules, and records where it leaves these bounds.
"""

import json
import math
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from operate.promtool import series
from operate.victoria.history import History, Sample
from operate.victoria.processes import Labels, Told, Victoria, replayed
from servescope.findings.thresholds.thresholds import Thresholds
from servescope.operate.rule_files import rule_files

EVERY_S = 15  # scrapes and evaluations
# Some days ago, at a full hour.
BEGAN_S = 1_790_000_000 // 3600 * 3600
# Evaluations before and after. Where a server was away for some scrapes, rates settle later.
AROUND, AROUND_RATES = 2, 4
# A rate is the same once its series is older than its window.
YOUNG_S = 330
_RATES: Final = re.compile(":rate5m|:busy5m|:utilization5m")
# Prometheus extrapolates, so of a load that is not even the two make other rates.
_EVEN: Final = ("steady", "ill", "shared", "impatient", "hung", "too late")
# A mean over recorded values, which is only divided by another one.
_INEXACT: Final = re.compile(":mean10m")
_OURS: Final = {
    "record": "ours",
    "expr": 'label_replace({__name__=~"ALERTS|.+:.+:.+",alertstate!="pending"} > -1, "of", "$1", "__name__", "(.+)")',
}
_DIFFERENCES: Final = [
    {"record": "too:much", "expr": "ours > 1.01 * most + 1e-9"},
    {"record": "too:little", "expr": "ours < 0.99 * least - 1e-9"},
    {"record": "ours:alone", "expr": "ours unless most"},
    {"record": "theirs:alone", "expr": "always unless ours"},
]


@dataclass(frozen=True)
class Comparison:
    """A history whose samples are scraped so long after the rules are evaluated, and the folder for what is written."""

    folder: Path
    history: History
    shift_s: int

    @property
    def end_s(self) -> int:
        """When it is over."""
        return self.history.steps * EVERY_S

    @property
    def tick_s(self) -> int:
        """What the times of scrapes and evaluations are multiples of."""
        return math.gcd(EVERY_S, self.shift_s)

    def in_victoria(self, storage: Victoria) -> Told:
        """What VictoriaMetrics records of the history, and the alerts that fire."""
        storage.put(list(self._lines()))
        recordings = {rule["record"]: rule["expr"] for group in groups() for rule in group["rules"] if "record" in rule}
        for wave in _waves(recordings):
            for name in wave:
                told = storage.evaluate(recordings[name], BEGAN_S, BEGAN_S + self.end_s, EVERY_S)
                samples = [(labels, at, value) for labels in told for at, value in told[labels].items()]
                if samples:
                    storage.put([_line(series(name, _others(labels)), at, value) for labels, at, value in samples])
        alerts = [group for group in groups() if "alert" in group["rules"][0]]
        replayed(self.folder, storage, yaml.safe_dump({"groups": alerts}), (BEGAN_S, BEGAN_S + self.end_s), EVERY_S)
        return storage.exported('{__name__=~".+:.+"}') | storage.exported('ALERTS{alertstate="firing"}')

    def differences(self, told: Told) -> str:
        """What promtool says of the two; "" where they agree."""
        inputs = {name: notation(self._by_tick(samples)) for name, samples in self.history.samples.items()}
        for labels, values in told.items():
            inputs |= self._bounds(labels, values)
        every = [*groups(), {"name": "differences", "rules": [_OURS, *_DIFFERENCES]}]
        end = f"{self.end_s}s"
        test = {
            "interval": f"{self.tick_s}s",
            "input_series": [{"series": name, "values": values} for name, values in inputs.items()],
            "promql_expr_test": [
                {"expr": f"count_over_time({rule['record']}[{end}])", "eval_time": end, "exp_samples": []}
                for rule in _DIFFERENCES
            ],
        }
        content = {
            "rule_files": ["rules.yml"],
            "evaluation_interval": f"{EVERY_S}s",
            "group_eval_order": [group["name"] for group in every],
            "tests": [test],
        }
        (self.folder / "rules.yml").write_text(json.dumps({"groups": every}))
        (self.folder / "test.yml").write_text(json.dumps(content))
        words = ["promtool", "test", "rules", str(self.folder / "test.yml")]
        found = subprocess.run(words, capture_output=True, text=True, check=False)
        return "" if found.returncode == 0 else found.stdout + found.stderr

    def _lines(self) -> Iterator[str]:
        for name, samples in self.history.samples.items():
            for step, value in enumerate(samples):
                if isinstance(value, float | int):
                    shown = value + BEGAN_S * name.startswith("process_start_time_seconds")  # promtool begins at 0
                    yield _line(name, (BEGAN_S + step * EVERY_S + self.shift_s) * 1000, shown)

    def _by_tick(self, samples: Iterable[Sample]) -> dict[int, float]:
        found = ((step, value) for step, value in enumerate(samples) if isinstance(value, float | int))
        return {(step * EVERY_S + self.shift_s) // self.tick_s: value for step, value in found}

    def _bounds(self, labels: Labels, values: Mapping[int, float]) -> dict[str, str]:
        """The most and the least that promtool may find at each time, and when it must find something."""
        own = {"of": dict(labels)["__name__"], **_others(labels)}
        step = EVERY_S // self.tick_s
        around = AROUND_RATES if _RATES.search(own["of"]) else AROUND
        at = {(round(ms / 1000) - BEGAN_S) // self.tick_s: value for ms, value in values.items()}
        most, least, always = {}, {}, {}
        known = min(at) + (YOUNG_S // self.tick_s if _RATES.search(own["of"]) else 0)
        for tick in range(max(0, min(at) - around * step), max(at) + (around + 1) * step, step):
            near = [at[one] for one in range(tick - around * step, tick + (around + 1) * step, step) if one in at]
            if near:
                most[tick], least[tick] = (
                    (max(near), min(near)) if _exact(labels) and tick >= known else (math.inf, -math.inf)
                )
            if len(near) == 2 * around + 1:
                always[tick] = 1.0
        bounds = {"most": most, "least": least, "always": always}
        return {series(name, own): notation(of, ends_after=step) for name, of in bounds.items() if of}


def groups() -> list[dict[str, Any]]:
    """Every group of rules, all evaluated alike often, without the texts, whose rendering takes most of promtool's time."""
    found = []
    for text in rule_files(Thresholds(), "classic").values():
        for group in yaml.safe_load(text)["groups"]:
            rules = [{key: value for key, value in rule.items() if key != "annotations"} for rule in group["rules"]]
            found.append({**group, "interval": f"{EVERY_S}s", "rules": rules})
    return found


def notation(by_tick: Mapping[int, float], ends_after: int = 0) -> str:
    """As promtool reads it. A series that has no sample for so many ticks has ended; 0: for as long as Prometheus thinks."""
    words = []
    for tick in range(max(by_tick, default=0) + 1 + ends_after):
        if tick in by_tick:
            words.append(repr(by_tick[tick]).replace("inf", "Inf"))
        else:
            words.append("stale" if ends_after and tick - ends_after in by_tick else "_")
    return " ".join(words)


def _exact(labels: Labels) -> bool:
    own = dict(labels)
    if _RATES.search(own["__name__"]):
        return own.get("model_name") in _EVEN
    return not _INEXACT.search(own["__name__"])


def _waves(recordings: Mapping[str, str]) -> list[list[str]]:
    """The recordings, those first that read no other."""
    waves: list[list[str]] = []
    done: set[str] = set()
    while len(done) < len(recordings):
        reads = {name: set(re.findall(r"\w+:\w+:\w+", text)) for name, text in recordings.items() if name not in done}
        ready = [name for name in reads if reads[name] <= done]
        assert ready, reads
        waves.append(ready)
        done |= set(ready)
    return waves


def _line(name: str, at_ms: int, value: float) -> str:
    return f"{name} {value!r} {at_ms}"


def _others(labels: Labels) -> dict[str, str]:
    """Without the name, and what vmalert adds to alerts."""
    return {label: value for label, value in labels if label not in ("__name__", "alertgroup")}
