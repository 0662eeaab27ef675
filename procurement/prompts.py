"""What the Naramarket server offers beside its tools: common questions to pick, and texts to read."""

from __future__ import annotations

from integrations.sdk import Text
from integrations.sdk.template import TemplatePrompt, TemplateResource

PROMPTS = (
    TemplatePrompt(
        name="find_open_bids",
        title=Text("Open bids that suit us", "우리에게 맞는 진행 중 공고"),
        description=Text(
            "Notices one can still bid for, ranked by how well they suit the company.",
            "아직 투찰할 수 있는 공고를 회사에 맞는 순서로 정리합니다.",
        ),
        text=Text(
            "Find bid notices of Naramarket that are still open for: {business}. Region: {region}. Call "
            "search_bid_notices with two or three different Korean keywords, follow next_cursor when there is one, "
            "and drop "
            "what does not suit. List number, title, buyer, estimated price (won) and deadline (Seoul time), best "
            "first, "
            "with one line each on why it suits. Say when the data was read and whether a search was incomplete.",
            "나라장터에서 다음 사업에 맞고 아직 마감되지 않은 입찰공고를 찾아 주세요: {business}. 지역: {region}. "
            "search_bid_notices를 서로 다른 키워드 두세 개로 부르고 next_cursor가 있으면 이어 읽은 뒤, 맞지 않는 "
            "것은 빼세요. "
            "공고번호, 제목, 수요기관, 추정가격(원), 마감(서울 시각)을 맞는 순서로, 맞는 이유 한 줄과 함께 "
            "정리하세요. "
            "조회 시각과 검색이 불완전했는지도 적으세요.",
        ),
        arguments=(
            ("business", Text("What the company sells", "회사가 파는 것"), True),
            ("region", Text("Region, if it matters", "지역(필요하면)"), False),
        ),
    ),
    TemplatePrompt(
        name="suggest_bid_price",
        title=Text("What did similar bids go for?", "비슷한 입찰은 얼마에 낙찰되었나"),
        description=Text(
            "Award rates of comparable notices, as a basis for a price.",
            "비슷한 공고의 낙찰률을 가격 근거로 정리합니다.",
        ),
        text=Text(
            "For the notice {notice_no}: read it with get_bid_notice, then find comparable awards with search_awards "
            "(same kind of work, last 12 months). Give the number of awards, the median and the middle half of the "
            "award rates in "
            "percent, the lowest-rate rule that applies if the notice names one, and the won amounts these rates "
            "mean for the "
            "estimated price. Say plainly when fewer than ten awards were found.",
            "공고 {notice_no}를 get_bid_notice로 읽고, search_awards로 최근 12개월의 비슷한 낙찰을 찾아 주세요. "
            "낙찰 건수, 낙찰률의 "
            "중앙값과 가운데 절반의 범위(%), 공고에 적힌 낙찰하한율, 추정가격에 적용한 금액(원)을 적고, 열 건보다 "
            "적으면 그렇다고 "
            "분명히 말하세요.",
        ),
        arguments=(("notice_no", Text("Notice number", "공고번호"), True),),
    ),
    TemplatePrompt(
        name="compare_products",
        title=Text("Compare products of the shopping mall", "종합쇼핑몰 상품 비교"),
        description=Text(
            "Products of one category side by side, with what buyers paid.",
            "한 품명의 상품을 실제 구매가와 함께 비교합니다.",
        ),
        text=Text(
            "Compare products of the category {category} on the Naramarket shopping mall. Take up to five with "
            "search_shopping_mall_products, read their get_detailed_attributes and get_price_history, and make one "
            "table: "
            "supplier, model, unit price (won), what differs, what buyers paid lately. Needs: {needs}.",
            "나라장터 종합쇼핑몰에서 {category} 상품을 비교해 주세요. search_shopping_mall_products로 다섯 개까지 "
            "고르고 "
            "get_detailed_attributes와 get_price_history를 읽어 공급업체, 모델, 단가(원), 다른 점, 최근 구매가를 "
            "표로 만드세요. "
            "필요 조건: {needs}.",
        ),
        arguments=(
            ("category", Text("Category, Korean", "품명"), True),
            ("needs", Text("What it must be able to do", "필요 조건"), False),
        ),
    ),
)

RESOURCES = (
    TemplateResource(
        name="reading_guide",
        title=Text("How to read the figures", "수치 읽는 법"),
        description=Text("Units, time zone, completeness and what a cap means.", "단위, 시간대, 완전성과 상한의 뜻."),
        text=Text(
            "# How to read the figures\n\n"
            "- Amounts are integer won without tax unless a field says otherwise; rates are percent of the reserve "
            "price.\n"
            "- Times are Asia/Seoul. `as_of` is when Naramarket was asked.\n"
            "- A notice number with a higher revision replaces the lower one; cancelled notices stay listed as "
            "such.\n"
            "- `incomplete` names what is missing and why. A failed or capped request is never an empty list.\n"
            "- `next_cursor` continues a list; without it the list is at its end.\n"
            "- Names and numbers of officials are left out.\n",
            "# 수치 읽는 법\n\n"
            "- 금액은 따로 적지 않으면 부가세를 뺀 원 단위 정수이고, 비율은 예정가격에 대한 백분율입니다.\n"
            "- 시각은 서울 기준이며 `as_of`는 나라장터에 물은 때입니다.\n"
            "- 차수가 높은 공고가 낮은 것을 대신하고, 취소된 공고는 취소로 남습니다.\n"
            "- `incomplete`는 빠진 것과 이유입니다. 실패하거나 상한에 걸린 요청은 빈 목록이 되지 않습니다.\n"
            "- `next_cursor`가 있으면 이어 읽고, 없으면 끝입니다.\n"
            "- 담당자의 이름과 전화번호는 담지 않습니다.\n",
        ),
    ),
    TemplateResource(
        name="categories",
        title=Text("Categories", "품명"),
        description=Text("Category names and numbers that the tools understand.", "도구가 아는 품명과 번호."),
        tool="list_categories",
    ),
    TemplateResource(
        name="server",
        title=Text("Server state", "서버 상태"),
        description=Text(
            "Version, upstream mode and what is left of the daily quotas.", "버전, 상류 상태, 남은 일일 한도."
        ),
        tool="server_info",
    ),
)
