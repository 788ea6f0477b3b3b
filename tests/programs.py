"""Programs that tests drive and a machine may lack; `make programs` names them as well."""

import shutil

import pytest


def needs(program: str, package: str = "") -> pytest.MarkDecorator:
    """Leaves tests out where this program, of a Debian package if its name is another, is not installed."""
    whole = f"{program} (of {package})" if package else program
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{whole} is not installed")
