"""What a studio needs to be reached: its port, its token, its lock, and where it announces both."""

from __future__ import annotations

from .access import access_token
from .announcement import announced
from .listening import address_of, listen
from .ownership import own
from .web_server import WebServer

__all__ = ["WebServer", "access_token", "address_of", "announced", "listen", "own"]
