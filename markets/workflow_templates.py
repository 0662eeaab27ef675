"""Templates of the market domain."""

from __future__ import annotations

from integrations.sdk import Text
from integrations.sdk.template import Template, TemplateTool
from markets.connector import kis

COLUMNS = ["rank", "code", "name", "price", "change_percent", "trading_value", "market_share_percent"]

MOST_TRADED_STOCKS = Template(
    key="most-traded-stocks",
    title=Text("Most traded stocks", "거래대금 상위 종목"),
    description=Text(
        "The stocks with the largest trading value of the session, with price, change and share of the market.",
        "당일 거래대금이 가장 큰 종목을 현재가·등락률·시장 비중과 함께 보여 줍니다.",
    ),
    audience=Text("Investors", "투자자"),
    sample_input={"market": "ALL", "count": 10},
    go_live=Text(
        "Add a KIS connection with your app key and set UPSTREAMS=kis=live.",
        "앱키로 KIS 연결을 추가하고 UPSTREAMS=kis=live 로 설정하세요.",
    ),
    instructions="Trading values are in won. Say the time of the data (as_of) when you quote a figure.",
    icon="ranking",
    tools=(
        TemplateTool(
            name="most_traded_stocks",
            title=Text("Most traded stocks", "거래대금 상위 종목"),
            description=(
                "Stocks of the Korean market ranked by trading value of the session, in won. "
                "Every answer says when the figures were taken and how complete the list is."
            ),
            definition={
                "schema_version": 1,
                "inputs": {
                    "type": "object",
                    "properties": {
                        "market": {
                            "type": "string",
                            "enum": ["ALL", "KOSPI", "KOSDAQ"],
                            "default": "ALL",
                            "description": "Market segment",
                        },
                        "count": {
                            "type": "integer",
                            "minimum": 1,
                            "maximum": 30,
                            "default": 10,
                            "description": "How many stocks",
                        },
                    },
                    "additionalProperties": False,
                },
                "nodes": [
                    {
                        "id": "rank",
                        "action": "kis.get_volume_ranking",
                        "title": "Trading-value ranking",
                        "params": {"market": "{{ input.market }}", "count": "{{ input.count }}"},
                        "retry": {"max_attempts": 3},
                        "position": {"x": 0, "y": 0},
                    },
                    {
                        "id": "columns",
                        "action": "data.select",
                        "title": "Choose columns",
                        "params": {"rows": "{{ rank.rows }}", "fields": COLUMNS},
                        "position": {"x": 320, "y": 0},
                    },
                ],
                "edges": [{"from": "rank", "to": "columns"}],
                "output": {
                    "stocks": "{{ columns.rows }}",
                    "as_of": "{{ rank.as_of }}",
                    "source": "{{ rank.source }}",
                    "completeness": "{{ rank.completeness }}",
                },
            },
        ),
    ),
)

MARKET_RANKINGS = Template(
    key="market-rankings",
    title=Text("Trading-value rankings", "거래대금 순위 서버"),
    description=Text(
        "The six ranking tools of the Korean market, with symbol search, price history and a state report.",
        "거래대금·증가율·투자자·업종·시가총액 순위와 이상 거래량, 종목 찾기, 일별 시세를 한 서버로.",
    ),
    audience=Text("Investors", "투자자"),
    sample_input={"market": "ALL", "count": 10},
    go_live=Text(
        "Add a KIS connection with your app key and set UPSTREAMS=kis=live.",
        "앱키로 KIS 연결을 추가하고 UPSTREAMS=kis=live 로 설정하세요.",
    ),
    instructions=(
        "Amounts are in won and volumes in shares. Look codes up with find_symbol, never guess them. Say the time "
        "and the session of the figures (as_of, data_date), and how complete a list is."
    ),
    icon="candles",
    tools=tuple(
        TemplateTool(name=action.name, title=action.title, description=action.description.en, action=action.id)
        for action in kis.actions.values()
    ),
)

TEMPLATES = [MOST_TRADED_STOCKS, MARKET_RANKINGS]
