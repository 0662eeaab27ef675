"""Services of the state besides the transactions: LH, Applyhome and the address search. No legal basis is needed."""

from properties.collectors.official.addresses import FoundAddress, JusoClient
from properties.collectors.official.notices import LhClient, Notice, Supply
from properties.collectors.official.service import OfficialClient, Service, services
from properties.collectors.official.subscriptions import ApplyhomeClient, HouseType, Subscription

__all__ = [
    "ApplyhomeClient",
    "FoundAddress",
    "HouseType",
    "JusoClient",
    "LhClient",
    "Notice",
    "OfficialClient",
    "Service",
    "Subscription",
    "Supply",
    "services",
]
