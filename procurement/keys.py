"""The credential of the connector."""

from __future__ import annotations

from typing import Annotated

from pydantic import SecretStr

from integrations.sdk import Credential, Param


class NaramarketKey(Credential):
    """A service key of data.go.kr; encoded, decoded or hexadecimal, it does not matter."""

    service_key: Annotated[
        SecretStr,
        Param(
            "Service key shown on data.go.kr (encoded or decoded). Every service needs its own application there.",
            "공공데이터포털의 서비스키(인코딩·디코딩 모두 가능). 서비스마다 활용신청이 필요합니다.",
            title="Service key",
            title_ko="서비스키",
            min_length=8,
        ),
    ]


#: A key the sandbox accepts, with every character that encoding can break. It opens nothing elsewhere.
SANDBOX_KEY = "nara+Market/Sandbox0Key=="
