"""Pieces of the templates that alerts tell people with: whose it is, and values in units that are read at a glance."""

from typing import Final

MODEL: Final = "{{ $labels.model_name }} {{ $labels.model_version }}"
SERVER: Final = "{{ $labels.instance }}"
PERCENT: Final = "{{ $value | humanizePercentage }}"
# Of what is counted: never 17.24 of them.
NUMBER: Final = '{{ $value | printf "%.0f" }}'
DURATION: Final = "{{ $value | humanizeDuration }}"


def percent(share: float) -> str:
    """A threshold as a percentage: 0.01 is 1 %."""
    return f"{share * 100:g} %"
