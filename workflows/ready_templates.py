"""Templates that join several services: a market brief, winners of bids, a deposit check, two digests."""

from __future__ import annotations

from typing import Any

from integrations.sdk import Text
from integrations.sdk.template import Template, TemplateTool

STEP = 300
ROW = 110


def _node(id: str, action: str, title: str, column: int, row: int = 0, /, **params: Any) -> dict[str, Any]:
    return {
        "id": id,
        "action": action,
        "title": title,
        "params": params,
        "position": {"x": column * STEP, "y": row * ROW},
    }


def _read(id: str, action: str, title: str, column: int, row: int = 0, /, **params: Any) -> dict[str, Any]:
    """A node that asks an upstream, and asks again when that has a bad moment."""
    return {**_node(id, action, title, column, row, **params), "retry": {"max_attempts": 3}}


def _edge(source: str, target: str) -> dict[str, Any]:
    """`node` leaves by its normal end, `node.port` by the port."""
    node, _, port = source.partition(".")
    return {"from": node, "to": target} | ({"port": port} if port else {})


def _definition(
    inputs: dict[str, Any], nodes: list[dict[str, Any]], edges: list[tuple[str, str]], output: dict[str, Any],
    required: tuple[str, ...] = (),
) -> dict[str, Any]:  # fmt: skip
    schema: dict[str, Any] = {"type": "object", "properties": inputs, "additionalProperties": False}
    if required:
        schema["required"] = list(required)
    return {
        "schema_version": 1,
        "inputs": schema,
        "nodes": nodes,
        "edges": [_edge(source, target) for source, target in edges],
        "output": output,
    }


def _text(default: str, en: str, ko: str, **more: Any) -> dict[str, Any]:
    return {"type": "string", "default": default, "description": en, "x-description-ko": ko, **more}


def _number(default: int, low: int, high: int, en: str, ko: str) -> dict[str, Any]:
    words = {"description": en, "x-description-ko": ko}
    return {"type": "integer", "default": default, "minimum": low, "maximum": high, **words}


MARKET_BRIEF = Template(
    key="market-brief",
    title=Text("Market brief", "시장 브리핑"),
    description=Text(
        "Leaders of KOSPI and KOSDAQ and stocks with unusual volume, read at the same time and written as one text.",
        "코스피·코스닥 거래대금 상위와 이상 거래량 종목을 동시에 읽어 한 편의 글로 정리합니다.",
    ),
    audience=Text("Investors", "투자자"),
    sample_input={"count": 5},
    go_live=Text(
        "Add a KIS connection with your app key, set UPSTREAMS=kis=live, and give it a trigger such as “every trading "
        "day at 15:40”.",
        "앱키로 KIS 연결을 추가하고 UPSTREAMS=kis=live 로 설정한 뒤 ‘거래일 15:40’ 같은 트리거를 다세요.",
    ),
    instructions="Trading values are in won. Say the time of the data (as_of).",
    icon="candles",
    tools=(
        TemplateTool(
            name="market_brief",
            title=Text("Market brief", "시장 브리핑"),
            description=(
                "A short brief of the Korean market: leaders of KOSPI and KOSDAQ by trading value, and stocks with "
                "unusual volume. Amounts in won; says when the figures were taken."
            ),
            definition=_definition(
                {"count": _number(5, 1, 20, "Stocks of each list", "목록마다 종목 수")},
                [
                    _read(
                        "kospi", "kis.get_volume_ranking", "KOSPI leaders", 0, 0,
                        market="KOSPI", count="{{ input.count }}",
                    ),
                    _read(
                        "kosdaq", "kis.get_volume_ranking", "KOSDAQ leaders", 0, 1,
                        market="KOSDAQ", count="{{ input.count }}",
                    ),
                    _read("unusual", "kis.get_unusual_volume", "Unusual volume", 0, 2, count="{{ input.count }}"),
                    _node(
                        "first", "data.template", "KOSPI lines", 1, 0,
                        template="{rank}. {name} ({code}) {change_percent:.2f}% {trading_value:,}",
                        rows="{{ kospi.rows }}",
                    ),
                    _node(
                        "second", "data.template", "KOSDAQ lines", 1, 1,
                        template="{rank}. {name} ({code}) {change_percent:.2f}% {trading_value:,}",
                        rows="{{ kosdaq.rows }}",
                    ),
                    _node(
                        "third", "data.template", "Unusual lines", 1, 2,
                        template="{name} ({code}) ×{times_usual|?}",
                        rows="{{ unusual.rows }}",
                    ),
                    _node(
                        "brief", "data.template", "Write the brief", 2, 1,
                        template="KOSPI\n{kospi}\n\nKOSDAQ\n{kosdaq}\n\n거래량 이상 / Unusual volume\n{unusual|–}",
                        values={
                            "kospi": "{{ first.text }}", "kosdaq": "{{ second.text }}", "unusual": "{{ third.text }}",
                        },
                    ),
                ],
                [
                    ("kospi", "first"), ("kosdaq", "second"), ("unusual", "third"),
                    ("first", "brief"), ("second", "brief"), ("third", "brief"),
                ],
                {
                    "text": "{{ brief.text }}",
                    "unusual": "{{ unusual.rows }}",
                    "as_of": "{{ kospi.as_of }}",
                    "source": "{{ kospi.source }}",
                },
            ),
        ),
    ),
)  # fmt: skip

RIVALS = Template(
    key="award-winners",
    title=Text("Who wins the bids", "낙찰 업체 분석"),
    description=Text(
        "Awards of a field added up by winner: how often, for how much, at which rate.",
        "분야의 낙찰 결과를 업체별로 모아 횟수, 금액, 낙찰률을 보여 줍니다.",
    ),
    audience=Text("Suppliers", "공급업체"),
    sample_input={"keyword": "", "days_back": 30, "count": 50},
    go_live=Text(
        "Add a Naramarket connection with your data.go.kr key and set UPSTREAMS=naramarket=live.",
        "공공데이터포털 키로 나라장터 연결을 추가하고 UPSTREAMS=naramarket=live 로 설정하세요.",
    ),
    instructions="Amounts are in won. `read` tells how many awards were added up; there may be more.",
    icon="gavel",
    tools=(
        TemplateTool(
            name="award_winners",
            title=Text("Who wins the bids", "낙찰 업체 분석"),
            description=(
                "Companies that won public bids of Korea in a field lately, with number of awards and sum in won, "
                "largest first. Says how many awards were read."
            ),
            definition=_definition(
                {
                    "keyword": _text("", "Part of the notice's title, Korean", "공고명의 일부"),
                    "days_back": _number(30, 1, 90, "Days up to today", "오늘까지의 일수"),
                    "count": _number(50, 1, 100, "Awards to read", "읽을 낙찰 건수"),
                },
                [
                    _read(
                        "awards", "naramarket.search_awards", "Read awards", 0, 0,
                        keyword="{{ input.keyword }}", days_back="{{ input.days_back }}", count="{{ input.count }}",
                    ),
                    _node(
                        "winners", "data.group", "Add up by winner", 1, 0,
                        rows="{{ awards.items }}", by=["winner"],
                        totals=[
                            {"operation": "count", "name": "awards"},
                            {"operation": "sum", "field": "amount", "name": "amount_krw"},
                        ],
                    ),
                    _node(
                        "largest", "data.sort", "Largest first", 2, 0,
                        rows="{{ winners.rows }}", by=[{"field": "amount_krw", "descending": True}],
                    ),
                ],
                [("awards", "winners"), ("winners", "largest")],
                {
                    "winners": "{{ largest.rows }}",
                    "read": "{{ awards.returned }}",
                    "as_of": "{{ awards.as_of }}",
                    "source": "{{ awards.source }}",
                },
            ),
        ),
    ),
)  # fmt: skip

DEPOSIT = Template(
    key="deposit-check",
    title=Text("Is this deposit safe?", "전세 보증금 점검"),
    description=Text(
        "Compares a jeonse deposit with reported sales of the complex, and goes two ways: a warning, or an all-clear.",
        "전세 보증금을 단지의 실거래가와 비교해 경고 또는 안심 안내로 갈라 정리합니다.",
    ),
    audience=Text("Realtors", "공인중개사"),
    sample_input={"region": "서초구", "complex_name": "반포자이", "deposit_manwon": 150_000},
    go_live=Text(
        "Add a MOLIT connection with your data.go.kr key and set UPSTREAMS=molit=live; share it as a form trigger.",
        "공공데이터포털 키로 실거래가 연결을 추가하고 UPSTREAMS=molit=live 로 설정한 뒤 양식 트리거로 공유하세요.",
    ),
    instructions="Money is in 만원 (10,000 won). This is an orientation from reported deals, not legal advice.",
    icon="building",
    tools=(
        TemplateTool(
            name="deposit_check",
            title=Text("Check a deposit", "보증금 점검"),
            description=(
                "How a jeonse deposit stands against reported sale prices of a complex in a Korean district: ratio, "
                "risk and reasons, with comparable deals. Money in 만원 (10,000 won)."
            ),
            definition=_definition(
                {
                    "region": _text("서초구", "District", "구", minLength=2),
                    "complex_name": _text("반포자이", "The complex", "단지 이름", minLength=1),
                    "deposit_manwon": _number(50000, 1, 10_000_000, "Deposit in 만원", "보증금(만원)"),
                },
                [
                    _read(
                        "check", "molit.jeonse_safety", "Compare with sales", 0, 0,
                        region="{{ input.region }}", complex_name="{{ input.complex_name }}",
                        deposit_manwon="{{ input.deposit_manwon }}", months=6,
                    ),
                    _node("safe", "flow.condition", "Below 70 %?", 1, 0,
                          condition="{{ check.ratio is not None and check.ratio < 0.7 }}"),
                    _node("calm", "text.echo", "All-clear", 2, 0,
                          text="신고된 매매가의 70% 미만입니다. / Below 70 % of reported sales."),
                    _node("warn", "text.echo", "Warning", 2, 1,
                          text="보증금을 다시 확인하세요. / Look again: {{ check.reasons }}"),
                    _node("words", "flow.merge", "Join", 3, 0, mode="first"),
                ],
                [
                    ("check", "safe"), ("safe.true", "calm"), ("safe.false", "warn"),
                    ("calm", "words"), ("warn", "words"),
                ],
                {
                    "advice": "{{ words.text }}",
                    "ratio": "{{ check.ratio }}",
                    "risk": "{{ check.risk }}",
                    "reasons": "{{ check.reasons }}",
                    "sales": "{{ check.sales }}",
                    "as_of": "{{ check.as_of }}",
                    "source": "{{ check.source }}",
                },
            ),
        ),
    ),
)  # fmt: skip
ISSUES = Template(
    key="issue-digest",
    title=Text("Issue digest to Slack", "이슈 요약을 Slack으로"),
    description=Text(
        "Open issues of a GitHub repository, written as a list and posted in a Slack channel.",
        "깃허브 저장소의 열린 이슈를 목록으로 써서 Slack 채널에 올립니다.",
    ),
    audience=Text("Developers", "개발자"),
    sample_input={"repository": "sandbox/handbook", "channel": "#운영"},
    go_live=Text(
        "Connect GitHub and Slack on the Connections page and set UPSTREAMS=github=live,slack=live; a schedule such as "
        "“every weekday at 9:00” makes it a daily digest.",
        "연결 페이지에서 깃허브와 Slack을 연결하고 UPSTREAMS=github=live,slack=live 로 설정하세요. "
        "‘평일 9시’ 예약을 달면 매일 요약이 됩니다.",
    ),
    instructions="Posting is visible to everybody in the channel: ask before you call it.",
    icon="list",
    tools=(
        TemplateTool(
            name="issue_digest",
            title=Text("Issue digest to Slack", "이슈 요약을 Slack으로"),
            description="Post the open issues of a GitHub repository as a list in a Slack channel.",
            definition=_definition(
                {
                    "repository": _text("sandbox/handbook", "owner/name", "소유자/저장소"),
                    "channel": _text("#운영", "Slack channel", "Slack 채널"),
                },
                [
                    _read("issues", "github.list_issues", "Open issues", 0, repository="{{ input.repository }}"),
                    _node(
                        "lines", "data.template", "One line each", 1,
                        template="• #{number} {title} — {author}", rows="{{ issues.issues }}",
                    ),
                    _node(
                        "post", "slack.post_message", "Post", 2, channel="{{ input.channel }}",
                        text="*{{ input.repository }}* · {{ issues.count }}\n{{ lines.text }}",
                    ),
                ],
                [("issues", "lines"), ("lines", "post")],
                {"posted": "{{ post.ts }}", "issues": "{{ issues.count }}", "complete": "{{ issues.complete }}"},
            ),
        ),
    ),
)  # fmt: skip

MAILS = Template(
    key="mail-to-issues",
    title=Text("Mails become issues", "메일을 이슈로"),
    description=Text(
        "Each unread mail that fits a search becomes a GitHub issue; one bad mail does not stop the others.",
        "검색에 맞는 안 읽은 메일마다 깃허브 이슈를 만듭니다. 한 통이 실패해도 나머지는 계속됩니다.",
    ),
    audience=Text("Developers", "개발자"),
    sample_input={"query": "is:unread", "repository": "sandbox/handbook"},
    go_live=Text(
        "Connect Gmail and GitHub on the Connections page and set UPSTREAMS=google=live,github=live; the trigger "
        "“New mail” runs it by itself.",
        "연결 페이지에서 지메일과 깃허브를 연결하고 UPSTREAMS=google=live,github=live 로 설정하세요. "
        "‘새 메일’ 트리거를 달면 스스로 실행됩니다.",
    ),
    instructions="It creates issues: ask before you call it.",
    icon="mail",
    tools=(
        TemplateTool(
            name="mail_to_issues",
            title=Text("Mails become issues", "메일을 이슈로"),
            description="Create a GitHub issue for each mail that a Gmail search finds, ten at most.",
            definition=_definition(
                {
                    "query": _text("is:unread", "Gmail search", "Gmail 검색식"),
                    "repository": _text("sandbox/handbook", "owner/name", "소유자/저장소"),
                },
                [
                    _read("mails", "gmail.search_mails", "Find mails", 0, query="{{ input.query }}", count=10),
                    {
                        **_node(
                            "each", "flow.map", "For each mail", 1, items="{{ mails.mails }}", on_item_error="collect"
                        ),
                        "body": {
                            "nodes": [
                                _node(
                                    "issue", "github.create_issue", "Create issue", 0,
                                    repository="{{ input.repository }}", title="{{ item.subject }}",
                                    body="{{ item.sender }}\n\n{{ item.snippet }}",
                                )
                            ],
                            "edges": [],
                            "output": {"number": "{{ issue.number }}", "url": "{{ issue.url }}"},
                        },
                    },
                ],
                [("mails", "each")],
                {"created": "{{ each.results }}", "failed": "{{ each.failed }}", "mails": "{{ mails.count }}"},
            ),
        ),
    ),
)  # fmt: skip

READY = [MARKET_BRIEF, RIVALS, DEPOSIT, ISSUES, MAILS]
