"""The only door for outgoing HTTP: every request passes the same address check.

```python
async with client(base_url="https://slack.com/api") as http:
    response = await http.get("/auth.test")
```
"""

from portal.common.http.addresses import Policy, default_policy, origin_of
from portal.common.http.client import Budget, Errors, GuardedClient, GuardedTransport, client, close_pools
from portal.common.http.errors import Refused, Unreachable
from portal.common.http.inside import asgi_client

__all__ = [
    "Budget",
    "Errors",
    "GuardedClient",
    "GuardedTransport",
    "Policy",
    "Refused",
    "Unreachable",
    "asgi_client",
    "client",
    "close_pools",
    "default_policy",
    "origin_of",
]
