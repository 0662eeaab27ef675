"""Templates of the procurement domain."""

from __future__ import annotations

from integrations.sdk import Text
from integrations.sdk.template import Template, TemplateTool
from procurement.prompts import PROMPTS, RESOURCES

GO_LIVE = Text(
    "Add a Naramarket connection with your data.go.kr key and set UPSTREAMS=naramarket=live.",
    "공공데이터포털 키로 나라장터 연결을 추가하고 UPSTREAMS=naramarket=live 로 설정하세요.",
)


def _tool(name: str, title: Text, description: str) -> TemplateTool:
    return TemplateTool(name=name, title=title, description=description, action=f"naramarket.{name}")


OPEN_BIDS = Template(
    key="open-bids",
    title=Text("Open bids by keyword", "진행 중 입찰공고 찾기"),
    description=Text(
        "Notices one can still bid for, by keyword and price, with their deadline and buyer.",
        "아직 투찰할 수 있는 공고를 키워드와 가격으로 찾아 마감일과 수요기관을 보여 줍니다.",
    ),
    audience=Text("Suppliers", "공급업체"),
    sample_input={"keyword": "구매", "count": 10},
    go_live=GO_LIVE,
    instructions="Prices are estimates in won without tax. Name the notice number and the deadline (Seoul time).",
    icon="gavel",
    tools=(
        TemplateTool(
            name="open_bids",
            title=Text("Open bids", "진행 중 입찰공고"),
            description=(
                "Public bid notices of Korea that are still open, by a word of the title and a price range in won. "
                "Every answer says when it was read and whether more follow."
            ),
            definition={
                "schema_version": 1,
                "inputs": {
                    "type": "object",
                    "properties": {
                        "keyword": {"type": "string", "default": "", "description": "Part of the title, Korean"},
                        "price_min": {
                            "type": "integer",
                            "minimum": 0,
                            "default": 0,
                            "description": "Estimated price from, won",
                        },
                        "count": {"type": "integer", "minimum": 1, "maximum": 50, "default": 10},
                    },
                    "additionalProperties": False,
                },
                "nodes": [
                    {
                        "id": "search",
                        "action": "naramarket.search_bid_notices",
                        "title": "Search open notices",
                        "params": {
                            "keyword": "{{ input.keyword }}",
                            "price_min": "{{ input.price_min }}",
                            "count": "{{ input.count }}",
                            "kinds": ["goods", "services"],
                            "still_open": True,
                            "days_back": 21,
                        },
                        "retry": {"max_attempts": 3},
                        "position": {"x": 0, "y": 0},
                    },
                    {
                        "id": "columns",
                        "action": "data.select",
                        "title": "Choose columns",
                        "params": {
                            "rows": "{{ search.items }}",
                            "fields": ["notice_no", "title", "demander", "estimated_price", "closes", "url"],
                        },
                        "position": {"x": 320, "y": 0},
                    },
                ],
                "edges": [{"from": "search", "to": "columns"}],
                "output": {
                    "notices": "{{ columns.rows }}",
                    "as_of": "{{ search.as_of }}",
                    "source": "{{ search.source }}",
                    "next_cursor": "{{ search.next_cursor }}",
                },
            },
        ),
    ),
)

NARAMARKET_SERVER = Template(
    key="naramarket-server",
    title=Text("Naramarket server", "나라장터 서버"),
    description=Text(
        "Products, attributes, price history, notices, openings and awards as tools for an AI client.",
        "상품·속성·가격 이력·공고·개찰·낙찰을 AI 클라이언트의 도구로 제공합니다.",
    ),
    audience=Text("Procurement analysts", "조달 분석가"),
    sample_input={"category": "데스크톱컴퓨터", "days_back": 7},
    go_live=GO_LIVE,
    instructions=(
        "Amounts are in won, rates in percent, times in Asia/Seoul. Say the time (as_of) and what `incomplete` lists. "
        "Follow next_cursor for more rows. mode=sandbox means invented data."
    ),
    icon="gavel",
    tools=(
        _tool("crawl_list", Text("Product list", "상품 목록"), "Shopping-mall products of one category."),
        _tool("search_shopping_mall_products", Text("Product search", "상품 검색"), "Products by a word."),
        _tool("get_detailed_attributes", Text("Attributes", "상세 속성"), "All attributes of a product."),
        _tool("get_price_history", Text("Price history", "가격 이력"), "What buyers paid, month by month."),
        _tool("search_suppliers", Text("Suppliers", "공급업체"), "Companies on the shopping mall."),
        _tool("list_categories", Text("Categories", "품명"), "Category names and numbers."),
        _tool("search_bid_notices", Text("Bid notices", "입찰공고"), "Notices by keyword, region and price."),
        _tool("get_bid_notice", Text("Notice detail", "공고 상세"), "One notice with attachments and changes."),
        _tool("get_opening_result", Text("Opening result", "개찰 결과"), "Bids and award of one notice."),
        _tool("search_awards", Text("Awards", "낙찰"), "Successful bids with amount and rate."),
        _tool("server_info", Text("Server information", "서버 정보"), "Version, categories and quotas."),
    ),
    prompts=PROMPTS,
    resources=RESOURCES,
)

TEMPLATES = [OPEN_BIDS, NARAMARKET_SERVER]
