"""What holds for all tests."""

from hypothesis import settings

# No test has a limit on its time: what runs beside it would decide.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
