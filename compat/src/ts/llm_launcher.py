"""`ts.llm_launcher`: `python -m ts.llm_launcher` serves a language model."""

from servescope.cli.torchserve.llm_launcher import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
