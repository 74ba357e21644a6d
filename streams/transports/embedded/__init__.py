"""The transport without a broker; `Transport` is what Faust finds by the scheme embedded://."""

from streams.transports.embedded.transport import Transport

__all__ = ["Transport"]
