"""The three HTTP APIs: inference, management, metrics."""
