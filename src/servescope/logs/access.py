"""Finished requests in, access lines out.

`web` calls `write` for every answer; `junction` takes the lines, several times a second.

Through `logging` a line costs about ten microseconds, which a request cannot spare; here it costs a fraction of that:
the time is formatted once a millisecond, and what the requests of one connection share is kept. The line is
TorchServe's `2026-11-24T03:59:03,432 - /127.0.0.1:54336 "POST /predictions/noop HTTP/1.1" 200 5`, and where it is asked for then
the request's id, which JSON lines have always.
"""

import math
import re
import time
from collections.abc import Callable
from operator import itemgetter

from servescope.logs.formats import LogFormat, escape, json_text
from servescope.logs.sinks import RollingFile
from servescope.logs.stamps import LocalStamp, utc

LOGGER_NAME = "ACCESS_LOG"
MAX_LINES = 256
MAX_PREFIXES = 4096
# Prefixes that no line had for so long, seconds, are forgotten: a connection has its port in them, and is seldom one that stays.
KEPT_S = 10.0
_ECHOED = f" [INFO ] main {LOGGER_NAME}"
_CONTROLS = bytes(range(32)) + b"\x7f"
_TIME = itemgetter(0)
_NOT_IN_A_TARGET = re.compile(r"[^!#-~]")

_Request = tuple[tuple[str, int] | None, str, str, str, int]
# Seconds since the epoch at its end, what its line begins with, milliseconds, its id.
_Noted = tuple[float, _Request, int, str]


class AccessLog:
    """The buffered writer of access_log.log; a `junction.HeldLog`. `write` is for the loop's thread alone.

    `with_id`: text lines end with the request's id. `clock` gives seconds since the epoch. Lines are held until they are taken,
    or until there are `MAX_LINES`.
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
        self._file = file
        self._json = log_format == "json"
        self._with_id = with_id
        self._clock = clock
        self._noted: list[_Noted] = []
        self._prefixes: dict[_Request, str] = {}
        self._older: dict[_Request, str] = {}
        self._forget_at = -math.inf
        # The millisecond that `_opening` tells of; comparing is cheaper than dividing, and a clock set back is seen.
        self._since = self._until = 0.0
        self._opening = ""
        self._stamp = LocalStamp()

    def write(
        self,
        client: tuple[str, int] | None,
        method: str,
        target: str,
        http_version: str,
        status: int,
        milliseconds: int,
        request_id: str,
    ) -> None:
        """Note one answered request.

        `client`: host and port, None on a Unix socket. `target`: path and query as they came. `http_version`: "1.1".
        `milliseconds`: from the request's arrival to its last byte. `request_id`: "" where there is none.
        """
        noted = self._noted
        noted.append((self._clock(), (client, method, target, http_version, status), milliseconds, request_id))
        if not len(noted) % MAX_LINES:
            self.when_full()

    def flush(self) -> None:
        """Write what is held to the file alone."""
        self.take(math.inf)

    def take(self, until: float) -> tuple[list[float], list[str]]:
        """See `junction.HeldLog`."""
        noted = self._taken(until)
        if not noted:
            return [], []
        self._forget(noted[-1][0])
        times = list(map(_TIME, noted)) if self.echoed else []
        if self._json:
            lines = self._json_lines(noted)
            self._file.write("".join(lines).encode("utf-8", "backslashreplace"), len(lines))
            return times, lines if self.echoed else []
        lines, echo = self._text_lines(noted)
        data = "".join(lines).encode("utf-8", "backslashreplace")
        # Only an unchecked request id can hold a line break; it must not pass for a line of its own.
        if self._with_id and not (data.isascii() and len(data.translate(None, _CONTROLS)) == len(data) - len(lines)):
            lines, echo = (list(map(_in_one_line, each)) for each in (lines, echo))
            data = "".join(lines).encode("utf-8", "backslashreplace")
        self._file.write(data, len(lines))
        return times, echo

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
        """The file's lines and, where they are wanted, those that show a logger too: many at once, which takes half the time that
        one after the other does.
        """
        prefixes, with_id, echoed = self._prefixes.get, self._with_id, self.echoed
        since, until, opening = self._since, self._until, self._opening
        shown = opening + _ECHOED
        lines, echo = [], []
        for at, key, milliseconds, request_id in noted:
            prefix = prefixes(key) or self._remember(key)
            if not since <= at < until:
                self._turn_to(at)
                since, until, opening = self._since, self._until, self._opening
                shown = opening + _ECHOED
            end = f"{milliseconds} {request_id}" if with_id else milliseconds
            lines.append(f"{opening}{prefix}{end}\n")
            if echoed:
                echo.append(f"{shown}{prefix}{end}\n")
        return lines, echo

    def _json_lines(self, noted: list[_Noted]) -> list[str]:
        lines = []
        for at, key, milliseconds, request_id in noted:
            if not self._since <= at < self._until:
                self._turn_to(at)
            prefix = self._prefixes.get(key) or self._remember(key)
            lines.append(f'{self._opening}{prefix}{milliseconds},"request_id":{json_text(request_id)}}}\n')
        return lines

    def _turn_to(self, now: float) -> None:
        """Begin lines with another millisecond; under load several lines share one."""
        tick = int(now * 1000)
        self._opening = f'{{"time":"{utc(tick)}' if self._json else self._stamp.at(tick)
        self._since, self._until = tick / 1000, (tick + 1) / 1000

    def _forget(self, now: float) -> None:
        """Drop what has not been used for KEPT_S; a clock that is set back lets it wait that much longer."""
        if now >= self._forget_at:
            self._older, self._prefixes = self._prefixes, {}
            self._forget_at = now + KEPT_S

    def _remember(self, key: _Request) -> str:
        if len(self._prefixes) >= MAX_PREFIXES:
            self._prefixes.clear()
        prefix = self._older.pop(key, "") or (_json_prefix(key) if self._json else _text_prefix(key))
        self._prefixes[key] = prefix
        return prefix


def _text_prefix(key: _Request) -> str:
    client, method, target, http_version, status = key
    return f' - /{_address(client)} "{_visible(method)} {_visible(target)} HTTP/{http_version}" {status} '


def _json_prefix(key: _Request) -> str:
    client, method, target, http_version, status = key
    fields = {
        "level": "INFO",
        "logger": LOGGER_NAME,
        "client": _address(client),
        "method": method,
        "target": target,
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


def _in_one_line(line: str) -> str:
    return escape(line[:-1].replace("\n", "\\n")) + "\n"
