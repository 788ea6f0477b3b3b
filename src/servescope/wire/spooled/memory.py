"""Memory behind a descriptor, until nobody has it any more, and whether its pages may then be written over.

Held by the bodies that lie in it (`body`). Another client's bytes in somebody's handler would be the worst fault that a server can
have, so it is not asked who may still read it, but who has said that he will not: whoever of this process has it holds it, and a
process that was told where it lies counts as its reader until that has answered. One that was killed, or hung, or hung up, has not
answered; then its pages are given back to the system, and never written over.
"""

import mmap
import os
from collections.abc import Callable

# Is given the descriptor, and whether the pages may be used again. It may be called at any moment, in the midst of anything.
LetGo = Callable[[int, bool], None]


class Memory:
    """`let_go` is called once, when nobody of this process has it any more, and is to close `descriptor`; None: that is all."""

    __slots__ = ("_let_go", "_readers", "descriptor")

    def __init__(self, descriptor: int, let_go: LetGo | None = None) -> None:
        self.descriptor = descriptor
        self._let_go = let_go
        self._readers = 0

    def tell(self) -> None:
        """Another process is told where it lies, and may read it from now on."""
        self._readers += 1

    def answered(self) -> None:
        """It has answered, and does not read it any more."""
        self._readers -= 1

    def mapped(self, offset: int, length: int) -> memoryview:
        """Some of it where it lies. The view, and any view of that, has the memory."""
        before = offset % mmap.ALLOCATIONGRANULARITY
        lies = _Mapped(self.descriptor, before + length, prot=mmap.PROT_READ, offset=offset - before)
        lies.memory = self
        return memoryview(lies)[before:]

    def __del__(self) -> None:
        if self._let_go is None:
            os.close(self.descriptor)
        else:
            self._let_go(self.descriptor, not self._readers)


class _Mapped(mmap.mmap):
    memory: Memory
