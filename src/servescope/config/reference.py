"""The tables of docs/configuration.md: in, what `settings`, `ineffective` and the modules of `model` define; out, Markdown.

Called by the test that keeps the page true; `python -m servescope.config.reference PAGE` brings the page up to date.
"""

import re
import sys
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any

from servescope.config.ineffective import INEFFECTIVE
from servescope.config.keys import Key
from servescope.config.model.autoscale import AUTOSCALE_KEYS, default_of
from servescope.config.model.config import ModelConfig
from servescope.config.model.objectives import SLO_KEYS
from servescope.config.model.placement.ray import RAY_KEYS
from servescope.config.model.placement.torchrun import TorchRun
from servescope.config.model.v2 import V2_KEYS
from servescope.config.model.yaml_key import yaml_keys
from servescope.config.settings import Settings
from servescope.config.variables.environment import OPEN_INFERENCE_KEY, variable


def key_table() -> str:
    """The table of the keys that have effect."""
    rows = ["| key | default | meaning | variable |", "|---|---|---|---|"]
    for slot in fields(Settings):
        if "key" in slot.metadata:
            key: Key = slot.metadata["key"]
            name, variable_ = slot.name, _variable(slot.name)
            if key.each:
                name, variable_ = f"{name}_<{key.each}>", f"{variable_[:-1]}_<{key.each.upper()}>`"
            rows.append(f"| `{name}` | {_default(slot, key)} | {_cell(key.meaning)} | {variable_} |")
    return "\n".join(rows)


def ineffective_table() -> str:
    """The table of the keys that are accepted with a warning."""
    rows = ["| key | why it has no effect | variable |", "|---|---|---|"]
    rows += [f"| `{name}` | {why} | {_variable(name)} |" for name, why in INEFFECTIVE.items()]
    return "\n".join(rows)


def yaml_table(section: type[ModelConfig] | type[TorchRun]) -> str:
    """The table of the keys of model-config.yaml, or of its torchrun section."""
    rows = ["| key | meaning |", "|---|---|"]
    rows += [f"| `{key.name}` | {_cell(key.meaning)} |" for key in yaml_keys(section).values()]
    return "\n".join(rows)


def section_table(keys: Mapping[str, str]) -> str:
    """The table of the keys of a section of model-config.yaml, by their meanings."""
    rows = ["| key | meaning |", "|---|---|"]
    rows += [f"| `{name}` | {_cell(meaning)} |" for name, meaning in keys.items()]
    return "\n".join(rows)


def autoscale_table() -> str:
    """The table of the keys of model-config.yaml's autoscale section."""
    rows = ["| key | default | from, to | meaning |", "|---|---|---|---|"]
    for name, key in AUTOSCALE_KEYS.items():
        default = default_of(name)
        shown = "none" if default is None else f"`{default}`" if isinstance(default, str) else f"`{default:g}`"
        bounds = f"{key.least:g}, {key.most:.15g}" if name != "mode" else ""
        rows.append(f"| `{name}` | {shown} | {bounds} | {_cell(key.meaning)} |")
    return "\n".join(rows)


def fill(page: str) -> str:
    """The page with its generated parts, between `<!-- name -->` and `<!-- end name -->`, made anew."""
    tables = {
        "keys": key_table(),
        "ineffective keys": ineffective_table(),
        "yaml keys": yaml_table(ModelConfig),
        "torchrun keys": yaml_table(TorchRun),
        "slo keys": section_table(SLO_KEYS),
        "v2 keys": section_table(V2_KEYS),
        "autoscale keys": autoscale_table(),
        "ray keys": section_table(RAY_KEYS),
    }
    for name, table in tables.items():
        part = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end {name} -->)", re.DOTALL)
        if part.search(page) is None:
            raise ValueError(f"the page has no part <!-- {name} -->")
        page = part.sub(lambda match, table=table: f"{match[1]}\n{table}\n\n{match[2]}", page)  # type: ignore[misc]
    return page


def _variable(key: str) -> str:
    name = variable(key)
    if name is None:
        return "none"
    return f"`{name}` (`oip`, always read)" if key == OPEN_INFERENCE_KEY else f"`{name}`"


def _default(slot: "Field[Any]", key: Key) -> str:
    if key.default:
        return key.default
    value = slot.default
    if value is MISSING or value is None:
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        return ", ".join(f"`{_cell(pattern.pattern)}`" for pattern in value)
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main(page: Path) -> None:
    """Write the page anew."""
    page.write_text(fill(page.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
