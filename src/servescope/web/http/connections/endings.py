"""How the headers of an answer end: the connection closes after it, or stays for the next request."""

CLOSES = b"connection: close\r\n\r\n"
STAYS = b"connection: keep-alive\r\n\r\n"
