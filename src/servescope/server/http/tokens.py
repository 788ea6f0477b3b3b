"""The keys of the APIs, in key_file.json where the server was started, as long as it runs.

Stands behind every part that may refuse the settings: a start that fails must not leave a key file behind.
"""

import asyncio
from datetime import UTC, datetime

from servescope.server.beginning import Beginning
from servescope.server.composition import Part
from servescope.web.authorization import TokenAuthority


class Tokens(Part):
    """Gives `authority`, None where tokens are turned off."""

    def __init__(self, beginning: Beginning) -> None:
        settings = beginning.settings
        self.authority: TokenAuthority | None = None
        if not settings.disable_token_authorization:
            minutes = settings.token_expiration_min
            self.authority = TokenAuthority(beginning.cwd / "key_file.json", minutes, lambda: datetime.now(UTC))

    async def close(self, hurry: asyncio.Event) -> None:  # noqa: ARG002
        """Delete the key file."""
        if self.authority is not None:
            self.authority.remove()
