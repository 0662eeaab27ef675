"""Templates of the real-estate domain."""

from __future__ import annotations

from integrations.sdk import Text
from integrations.sdk.template import Template, TemplateTool

REGION_REPORT = Template(
    key="region-price-report",
    title=Text("Price report of a region", "지역 시세 리포트"),
    description=Text(
        "Monthly medians, change, jeonse ratio and the most traded complexes of a district, from reported deals.",
        "구 단위 실거래로 월별 중위가격, 변동률, 전세가율, 많이 거래된 단지를 보여 줍니다.",
    ),
    audience=Text("Realtors", "공인중개사"),
    sample_input={"region": "서초구", "months": 3},
    go_live=Text(
        "Add a MOLIT connection with your data.go.kr key and set UPSTREAMS=molit=live.",
        "공공데이터포털 서비스키로 실거래가 연결을 추가하고 UPSTREAMS=molit=live 로 설정하세요.",
    ),
    instructions=(
        "Money is in 만원 (10,000 won). Name the months and say that the latest ones still change when "
        "`notes` says so. Never present sandbox data as real."
    ),
    icon="chart",
    tools=(
        TemplateTool(
            name="region_price_report",
            title=Text("Price report of a region", "지역 시세 리포트"),
            description=(
                "Prices of apartments in a Korean district from deals reported to the ministry: median per month, "
                "change, jeonse ratio, most traded complexes. Money in 만원 (10,000 won)."
            ),
            definition={
                "schema_version": 1,
                "inputs": {
                    "type": "object",
                    "properties": {
                        "region": {"type": "string", "minLength": 2, "description": "District, for example 서초구"},
                        "months": {
                            "type": "integer",
                            "minimum": 1,
                            "maximum": 12,
                            "default": 3,
                            "description": "How many months up to the last complete one",
                        },
                    },
                    "required": ["region"],
                    "additionalProperties": False,
                },
                "nodes": [
                    {
                        "id": "report",
                        "action": "molit.market_report",
                        "title": "Market report",
                        "params": {"region": "{{ input.region }}", "months": "{{ input.months }}"},
                        "retry": {"max_attempts": 3},
                        "position": {"x": 0, "y": 0},
                    },
                ],
                "edges": [],
                "output": {
                    "region": "{{ report.region }}",
                    "months": "{{ report.months }}",
                    "change_percent": "{{ report.change_percent }}",
                    "jeonse_ratio": "{{ report.jeonse_ratio }}",
                    "complexes": "{{ report.complexes }}",
                    "notes": "{{ report.notes }}",
                    "as_of": "{{ report.as_of }}",
                    "source": "{{ report.source }}",
                },
            },
        ),
    ),
)

REALTOR_DESK = Template(
    key="realtor-desk",
    title=Text("Realtor's desk", "중개사 매물 데스크"),
    description=Text(
        "Search and compare the workspace's listings, see price histories, deals, and the safety of a deposit.",
        "작업공간의 매물을 검색·비교하고 가격 이력, 실거래, 전세 안전도를 확인합니다.",
    ),
    audience=Text("Realtors", "공인중개사"),
    sample_input={"area": "서초구", "rows": 5},
    go_live=Text(
        "Collect or import listings, and add a MOLIT connection with your data.go.kr key.",
        "매물을 수집하거나 가져오고, 공공데이터포털 서비스키로 실거래가 연결을 추가하세요.",
    ),
    instructions=(
        "Money is in 만원 (10,000 won). Every answer says how old its data is, which conditions were not applied and "
        "why it is empty: pass that on. Compare an asking price with deals before calling it cheap."
    ),
    icon="building",
    tools=(
        TemplateTool(
            name="search_listings",
            title=Text("Search listings", "매물 검색"),
            description="Listings of the workspace by region, trade, price, area and floor; one row per offer.",
            action="properties.search_listings",
        ),
        TemplateTool(
            name="get_listing",
            title=Text("Listing detail", "매물 상세"),
            description="One listing with all its adverts and their price history.",
            action="properties.get_listing",
        ),
        TemplateTool(
            name="compare_listings",
            title=Text("Compare listings", "매물 비교"),
            description="Two to five listings side by side.",
            action="properties.compare_listings",
        ),
        TemplateTool(
            name="list_matches",
            title=Text("Matches of a customer", "고객 매칭 매물"),
            description="Listings that fit a customer's wishes, with reasons and what is not known.",
            action="properties.list_matches",
        ),
        TemplateTool(
            name="list_transactions",
            title=Text("Transactions", "실거래 조회"),
            description="Deals reported to the ministry in a district or dong, newest first.",
            action="molit.list_transactions",
        ),
        TemplateTool(
            name="jeonse_safety",
            title=Text("Safety of a deposit", "전세 안전도"),
            description="Risk of a jeonse deposit against recent sales of like units, with reasons.",
            action="molit.jeonse_safety",
        ),
        TemplateTool(
            name="look_up_regions",
            title=Text("Look up regions", "지역 코드 조회"),
            description="Legal-dong codes of a name, with former codes.",
            action="properties.look_up_regions",
        ),
    ),
)

TEMPLATES = [REGION_REPORT, REALTOR_DESK]
