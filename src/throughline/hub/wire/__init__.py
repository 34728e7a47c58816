"""The wire: credentials, budget, breaker, deadline and capture around every call to every system."""

from throughline.hub.wire.call import Context
from throughline.hub.wire.line import Line
from throughline.hub.wire.transport import AiohttpTransport, Lost, NotSent, Raw, Request, Transport

__all__ = ["AiohttpTransport", "Context", "Line", "Lost", "NotSent", "Raw", "Request", "Transport"]
