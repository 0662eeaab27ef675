"""Local stand-in of the KIS Open API: same paths, headers, units, caps and limits; recorded figures.

Real limits hold: 20 requests a second per app key (else HTTP 500 EGW00201), one token a minute (else HTTP 403
EGW00133), the same token again within six hours, lists of at most 30 rows. Any app key is accepted unless it contains
`invalid`. By default the clock stands at 18:00 Seoul time after the last recorded session.

Faults are switched with `POST /kis/__faults__` (JSON, the fields of `markets.sandbox.faults.Faults`), read with GET.
"""

from markets.sandbox.server import PREFIX, app, make_app

__all__ = ["PREFIX", "app", "make_app"]
