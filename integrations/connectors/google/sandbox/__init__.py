"""Local stand-in of Gmail, Sheets, Calendar and Drive: page tokens, error bodies, Base64 parts, A1 ranges.

Made-up content that lives as long as the process. Fault switches: `POST /google/__faults__`.
"""

from starlette.routing import Mount

from integrations.connectors.google.sandbox import calendar, drive, gmail, sheets
from integrations.connectors.google.sandbox.common import TOKEN, sign_in
from integrations.sdk.standin import standin

PREFIX = "/google"
CREDENTIAL = {"access_token": TOKEN}

app = standin(
    [
        *sign_in.routes(),
        Mount("/gmail/v1", routes=gmail.routes),
        Mount("/sheets/v4", routes=sheets.routes),
        Mount("/calendar/v3", routes=calendar.routes),
        Mount("/drive", routes=drive.routes),
    ]
)
