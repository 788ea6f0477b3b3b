"""The version of TorchServe whose handler API this package offers; handlers compare against it."""

__version__ = "0.12.0"
