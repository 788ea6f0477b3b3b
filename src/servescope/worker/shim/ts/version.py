"""The version of TorchServe whose handler API this package offers; handlers compare against it."""

from servescope import TORCHSERVE_VERSION as __version__

__all__ = ["__version__"]
