"""What the policy can be told, and what it refuses."""

import math

import pytest

from servescope.autoscaler.options import PolicyOptions


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("objective_s", -1.0),
        ("objective_s", math.nan),
        ("objective_s", 1e-300),
        ("window_s", math.inf),
        ("window_s", 0.0),
        ("target", 0.0),
        ("target", 1.0),
        ("target", 99.0),
        ("kv_high", 80.0),
        ("kv_low", -0.1),
        ("gpu_target", 0.0),
        ("gpu_target", 1.5),
        ("target_per_worker", 0.0),
        ("at_once", 0),
        ("sample_s", 0.0),
        ("growth", 1.0),
        ("min_workers", -1),
        ("to_zero_after_s", -5.0),
        ("tolerance", math.nan),
    ],
)
def test_an_absurd_value_is_refused_by_name(key, value):
    """The error says which key has which value."""
    with pytest.raises(ValueError, match=rf"^{key}: {value} is (not|neither) "):
        PolicyOptions(**{key: value})


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"min_workers": 5, "max_workers": 4}, "min_workers: 5 is more than max_workers, 4"),
        ({"kv_low": 0.9}, "kv_low: 0.9 is more than kv_high, 0.8"),
        ({"panic_s": 61.0}, "panic_s: 61.0 is more than window_s, 60.0"),
    ],
)
def test_a_contradiction_is_refused_with_both_sides(options, text):
    """Which of the two is wrong only their author knows."""
    with pytest.raises(ValueError, match=f"^{text}$"):
        PolicyOptions(**options)


def test_what_was_not_asked_for_is_off():
    """No model sleeps, and no GPU is looked at, unless somebody says so."""
    options = PolicyOptions()
    assert options.to_zero_after_s is None
    assert options.gpu_target is None
    assert options.target_per_worker is None
