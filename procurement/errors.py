"""Errors of crawl jobs and saved searches."""

from __future__ import annotations

from portal.common.errors import Conflict


class WrongState(Conflict):
    """The job's state does not allow this."""

    code = "crawl_wrong_state"
