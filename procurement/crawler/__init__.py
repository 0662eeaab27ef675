"""Crawling a feed over many days into a file: planning, fetching, merging, writing. Pure, no web framework."""

from procurement.crawler.export import export
from procurement.crawler.plan import CrawlSpec, Estimate, WindowState, estimate, plan_windows
from procurement.crawler.run import Crawl, Observer, Outcome
from procurement.crawler.spool import Spool

__all__ = [
    "Crawl",
    "CrawlSpec",
    "Estimate",
    "Observer",
    "Outcome",
    "Spool",
    "WindowState",
    "estimate",
    "export",
    "plan_windows",
]
