"""The thread that asks, so that keys are obeyed while an answer is waited for: in, what is to be asked; out, the latest answer.

Made by `app`, which looks whether there is news. A daemon's: an app that ends waits for no server.
"""

import threading
from collections.abc import Callable
from typing import Any, Final

from servescope.errors import ServescopeError

EVERY_S: Final = 2.0


class Asker(threading.Thread):
    """`ask` gives a document. `news`: the latest that nobody has taken yet, or why there is none."""

    def __init__(self, ask: Callable[[], Any], every_s: float = EVERY_S) -> None:
        super().__init__(daemon=True)
        self._ask = ask
        self._every_s = every_s
        self._now = threading.Event()
        self._over = False
        self.news: tuple[Any, str] | None = None

    def run(self) -> None:
        """Ask again and again."""
        while not self._over:
            self._now.clear()
            try:
                self.news = self._ask(), ""
            except ServescopeError as error:
                self.news = None, str(error)
            self._now.wait(self._every_s)

    def take(self) -> tuple[Any, str] | None:
        """What is new."""
        news, self.news = self.news, None
        return news

    def hurry(self) -> None:
        """Ask now."""
        self._now.set()

    def end(self) -> None:
        """No more."""
        self._over = True
        self._now.set()
