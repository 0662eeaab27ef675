"""Errors of the market room beyond those of the connector."""

from portal.common.errors import NotFound


class UnknownRule(NotFound):
    """There is no such rule in this workspace."""

    code = "unknown_rule"
