"""Finished requests in, access lines out.

`web` calls `write` for every answer; `junction` takes the lines, several times a second.

Through `logging` a line costs about ten microseconds, which a request cannot spare; here it costs a fraction of that:
lines are made when they are written, many at once, the time is formatted once a millisecond, and what the requests of one
connection share is kept. The line is TorchServe's
`2026-11-24T03:59:03,432 - /127.0.0.1:54336 "POST /predictions/noop HTTP/1.1" 200 5`, and where it is asked for then the
request's id, which JSON lines have always.
"""

import math
import re
import time
from collections.abc import Callable
from operator import itemgetter

from servescope.logs.layout.formats import LogFormat, escape, json_text
from servescope.logs.layout.stamps import LocalStamp, utc
from servescope.logs.layout.targets import shown_target
from servescope.logs.sinks import RollingFile

LOGGER_NAME = "ACCESS_LOG"
MAX_LINES = 256
FEW_LINES = 8  # which are written while the loop would wait for a worker
SOME_LINES = 32  # which take as long to write as half a request takes
MAX_PREFIXES = 4096
# Prefixes that no line had for so long, seconds, are forgotten: a connection has its port in them, and is seldom one that stays.
KEPT_S = 10.0
_TIME = itemgetter(0)
_NOT_IN_A_TARGET = re.compile(r"[^!#-~]")

# The client's host and port (None on a Unix socket), the method, path and query as they came, HTTP's version ("1.1"), the status.
Answered = tuple[tuple[str, int] | None, str, bytes, str, int]
# Seconds since the epoch at its end, what its line begins with, milliseconds, its id.
_Noted = tuple[float, Answered, int, str]


class AccessLog:
    """The buffered writer of access_log.log; a `junction.HeldLog`. `write` is for the loop's thread alone.

    `with_id`: text lines end with the request's id. `clock` gives seconds since the epoch. Lines are held until they are taken,
    or until there are `MAX_LINES`. `when_few`: called where a few had better be taken soon.
    """

    def __init__(
        self,
        file: RollingFile,
        log_format: LogFormat,
        clock: Callable[[], float] = time.time,
        *,
        with_id: bool = False,
    ) -> None:
        self.echoed = False
        self.when_full: Callable[[], None] = self.flush
        self.when_few: Callable[[], None] = lambda: None
        self._file = file
        self._json = log_format == "json"
        self._with_id = with_id
        self._clock = clock
        self._noted: list[_Noted] = []
        self._prefixes: dict[Answered, str] = {}
        self._older: dict[Answered, str] = {}
        self._forget_at = -math.inf
        self._stamp = LocalStamp()

    def write(self, answered: Answered, milliseconds: int, request_id: str, *, alone: bool = False) -> None:
        """Note one answered request. `milliseconds`: from its arrival to its last byte. `request_id`: "" where there is none.
        `alone`: nobody waits. Then a few lines are written, before somebody has to wait for hundreds: soon, as who has this answer
        may ask again at once, or now, where there never is time to spare.
        """
        noted = self._noted
        noted.append((self._clock(), answered, milliseconds, request_id))
        count = len(noted)
        if not count % MAX_LINES or (alone and count >= SOME_LINES):
            self.when_full()
        elif alone and count >= FEW_LINES:
            self.when_few()

    def flush(self) -> None:
        """Write what is held to the file alone."""
        self.take(math.inf)

    def take(self, until: float) -> tuple[list[float], list[str]]:
        """See `junction.HeldLog`."""
        noted = self._taken(until)
        if not noted:
            return [], []
        self._forget(noted[-1][0])
        lines, shown = self._json_lines(noted) if self._json else self._text_lines(noted)
        self._file.write("".join(lines).encode("utf-8", "backslashreplace"), len(noted))
        return (list(map(_TIME, noted)), shown) if self.echoed else ([], [])

    def _taken(self, until: float) -> list[_Noted]:
        """What was noted up to this time; the loop's thread may note more meanwhile."""
        held = self._noted
        count = len(held)
        if count and held[count - 1][0] > until:
            count = next(place for place, noted in enumerate(held) if noted[0] > until)
        noted = held[:count]
        del held[:count]
        return noted

    def _text_lines(self, noted: list[_Noted]) -> tuple[list[str], list[str]]:
        """The file's, and where they are wanted those of the console, which show a logger too."""
        prefixes, stamp, with_id, echoed = self._prefixes.get, self._stamp.at, self._with_id, self.echoed
        if with_id:
            noted = _on_one_line(noted)
        lines, shown = [], []
        since = until = 0.0  # of a millisecond, which under load several lines share; a clock set back is seen
        opening = echo = ""
        for at, answered, milliseconds, request_id in noted:
            if not since <= at < until:
                tick = int(at * 1000)
                since, until = tick / 1000, (tick + 1) / 1000
                opening = stamp(tick)
                echo = f"{opening} [INFO ] main {LOGGER_NAME}"
            prefix = prefixes(answered) or self._remember(answered)
            line = f"{prefix}{milliseconds} {request_id}\n" if with_id else f"{prefix}{milliseconds}\n"
            lines.append(opening + line)
            if echoed:
                shown.append(echo + line)
        return lines, shown

    def _json_lines(self, noted: list[_Noted]) -> tuple[list[str], list[str]]:
        lines = []
        for at, answered, milliseconds, request_id in noted:
            prefix = self._prefixes.get(answered) or self._remember(answered)
            opening = f'{{"time":"{utc(int(at * 1000))}'
            lines.append(f'{opening}{prefix}{milliseconds},"request_id":{json_text(request_id)}}}\n')
        return lines, lines

    def _forget(self, now: float) -> None:
        """Drop what has not been used for KEPT_S; a clock that is set back lets it wait that much longer."""
        if now >= self._forget_at:
            self._older, self._prefixes = self._prefixes, {}
            self._forget_at = now + KEPT_S

    def _remember(self, key: Answered) -> str:
        if len(self._prefixes) >= MAX_PREFIXES:
            self._prefixes.clear()
        prefix = self._older.pop(key, "") or (_json_prefix(key) if self._json else _text_prefix(key))
        self._prefixes[key] = prefix
        return prefix


def _text_prefix(key: Answered) -> str:
    client, method, target, http_version, status = key
    shown = _visible(shown_target(target.decode("latin-1")))
    return f' - /{_address(client)} "{_visible(method)} {shown} HTTP/{http_version}" {status} '


def _json_prefix(key: Answered) -> str:
    client, method, target, http_version, status = key
    fields = {
        "level": "INFO",
        "logger": LOGGER_NAME,
        "client": _address(client),
        "method": method,
        "target": shown_target(target.decode("latin-1")),
        "http_version": http_version,
        "status": status,
    }
    return f'",{json_text(fields)[1:-1]},"duration_ms":'


def _address(client: tuple[str, int] | None) -> str:
    if client is None:
        return "unix:0"
    host, port = client
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _visible(text: str) -> str:
    """`text` with what would break the line (controls, spaces, quotes, non-ASCII) percent-encoded."""
    return _NOT_IN_A_TARGET.sub(_percent_encode, text)


def _percent_encode(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match.group().encode("utf-8", "surrogatepass"))


def _on_one_line(noted: list[_Noted]) -> list[_Noted]:
    """An id that was not checked may hold a line break, which must not begin a line."""
    ids = "".join([request_id for *_, request_id in noted])
    if ids.isascii() and ids.isprintable():
        return noted
    return [(at, answered, took, escape(request_id.replace("\n", "\\n"))) for at, answered, took, request_id in noted]
