"""Slack at the wire: the Web API, the Events API, buttons, and incoming webhooks."""

from throughline.sandbox.slack.simulator import Slack

__all__ = ["Slack"]
