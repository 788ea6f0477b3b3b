"""What is known of a language model's answer."""

from servescope.metrics.recording.requests.generation import Generation


def test_the_mean_of_the_gaps():
    """None where there are none: one token has no pace."""
    assert Generation(1.0).mean_gap_s is None
    assert Generation(1.0, 4, 0.5).mean_gap_s == 0.125
