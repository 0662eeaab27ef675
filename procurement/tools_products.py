"""Tools about shopping-mall products: lists, attributes, prices, suppliers, categories, crawls."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import Annotated, Literal

from integrations.sdk import Connector, Context, Param, Rejected, Text
from procurement import prices, results
from procurement.crawl_tool import crawl_to_file as run_crawl
from procurement.desk import Desk, known_categories, last_days, words
from procurement.g2b.answers import Row
from procurement.g2b.client import LARGEST_PAGE
from procurement.g2b.operations import operation
from procurement.g2b.revisions import newest_rows
from procurement.g2b.shop_rows import Attribute, Delivery, Product
from procurement.paging import Place, Question, decode_cursor, encode_cursor, fitting, walk

MALL = "getShoppingMallPrdctInfoList"
CONTRACTS = ("getMASCntrctPrdctInfoList", "getThptyUcntrctPrdctInfoList", "getUcntrctPrdctInfoList")
ATTRIBUTES = "getPrdctIndvAtrbInfoList02"
PROCURED = "getSpcifyPrdlstPrcureInfoList"
CLASSES = "getThngPrdnmLocplcAccotListInfoInfoPrdnmSearch02"

Count = Annotated[int, Param("Rows wanted, 1 to 100", "받을 행 수(1~100)", ge=1, le=100)]
Cursor = Annotated[
    str | None, Param("`next_cursor` of the answer before, for the next rows", "이전 응답의 next_cursor", advanced=True)
]
Days = Annotated[int, Param("Days back from the newest complete day", "최근 완결일부터 거슬러 볼 일수", ge=1, le=365)]
CategoryName = Annotated[
    str,
    Param(
        "세부품명, for example 데스크톱컴퓨터; see list_categories",
        "세부품명(예: 데스크톱컴퓨터). list_categories로 찾을 수 있습니다.",
        min_length=1,
        max_length=100,
        examples=["데스크톱컴퓨터"],
    ),
]
ProductId = Annotated[
    str, Param("물품식별번호, 8 digits", "물품식별번호 8자리", pattern=r"^\d{8}$", examples=["20000000"])
]
BeginDate = Annotated[
    date | None, Param("First day; overrides `days_back`", "조회 시작일(days_back보다 우선)", advanced=True)
]
EndDate = Annotated[date | None, Param("Last day; default the newest complete day", "조회 종료일", advanced=True)]


def register(connector: Connector) -> None:
    """Add the product tools to the connector."""

    @connector.action(
        title=Text(en="Product list of a category", ko="세부품명별 상품 목록"),
        description=Text(
            en="Shopping-mall products of one category registered in a period, with price, supplier and contract.",
            ko="한 세부품명의 쇼핑몰 등록 품목을 가격·업체·계약과 함께 조회합니다.",
        ),
        timeout=90,
        example={"category": "데스크톱컴퓨터", "days_back": 7},
    )
    async def crawl_list(
        ctx: Context,
        category: CategoryName,
        count: Count = 50,
        days_back: Days = 7,
        begin_date: BeginDate = None,
        end_date: EndDate = None,
        cursor: Cursor = None,
    ) -> results.ProductList:
        """Products of exactly this category (the upstream's own filter also matches longer names)."""
        desk = Desk(ctx)
        period = _period(desk, days_back, begin_date, end_date)
        params = {"inqryDiv": "1", "dtilPrdctClsfcNoNm": category}
        return await _products(desk, params, period, count, cursor, exact=category)

    @connector.action(
        title=Text(en="Search shopping-mall products", ko="쇼핑몰 상품 검색"),
        description=Text(
            en="Products whose specification, category or supplier matches, newest registrations, by contract kind.",
            ko="규격·품명·계약방법 등으로 쇼핑몰 품목을 검색합니다.",
        ),
        timeout=90,
        example={"keyword": "데스크톱", "days_back": 14},
    )
    async def search_shopping_mall_products(
        ctx: Context,
        keyword: Annotated[str, Param("Part of the specification text", "규격명에 들어 있는 말", max_length=200)] = "",
        category: Annotated[str, Param("Part of the category name", "세부품명의 일부", max_length=100)] = "",
        contract: Annotated[
            Literal["any", "mas", "excellent"],
            Param("any, mas (다수공급자계약) or excellent (우수조달물품)", "계약 구분: 전체, MAS, 우수제품"),
        ] = "any",
        count: Count = 30,
        days_back: Days = 30,
        begin_date: BeginDate = None,
        end_date: EndDate = None,
        cursor: Cursor = None,
    ) -> results.ProductList:
        """At least a keyword or a category is needed: the feed without a filter has thousands of rows a day."""
        if not keyword and not category:
            raise Rejected("Give a keyword or a category.", remedy="For example keyword=노트북.")
        desk = Desk(ctx)
        params = {"inqryDiv": "1", "dtilPrdctClsfcNoNm": category, "prdctIdntNoNm": keyword}
        params |= {"mas": {"masYn": "Y"}, "excellent": {"exclcProdctYn": "Y"}}.get(contract, {})
        return await _products(desk, params, _period(desk, days_back, begin_date, end_date), count, cursor)

    @connector.action(
        title=Text(en="Attributes of a product", ko="상품 상세 속성"),
        description=Text(
            en="All registered attributes of a product (name, value, unit) in the catalogue's order.",
            ko="물품식별번호의 품목 속성(이름·값·단위)을 등록 순서대로 조회합니다.",
        ),
        cache=3600,
        timeout=60,
        example={"product_id": "20000000"},
    )
    async def get_detailed_attributes(ctx: Context, product_id: ProductId) -> results.AttributeList:
        """One call of the item-attribute operation."""
        desk = Desk(ctx)
        rows, total = await desk.client.rows(ATTRIBUTES, {"prdctIdntNo": product_id})
        if not rows:
            raise Rejected(
                f"The catalogue has no attributes for product {product_id}.",
                code="upstream_not_found",
                remedy="Check the eight digits of the 물품식별번호.",
            )
        missing = [] if len(rows) >= total else [f"{len(rows)} of {total} attributes arrived"]
        return results.AttributeList(
            **desk.head(ATTRIBUTES, incomplete=missing),
            product_id=product_id,
            name=rows[0].get("prdctIdntNoNm", ""),
            attributes=[Attribute.read(row) for row in rows],
        )

    @connector.action(
        title=Text(en="Compare products", ko="상품 비교"),
        description=Text(
            en="Up to five products side by side: contract, price, and every attribute.",
            ko="최대 5개 품목의 계약·가격·속성을 나란히 비교합니다.",
        ),
        timeout=120,
        example={"product_ids": ["20000000", "20000007"]},
    )
    async def compare_products(
        ctx: Context,
        product_ids: Annotated[
            list[ProductId], Param("Two to five 물품식별번호", "물품식별번호 2~5개", min_length=2, max_length=5)
        ],
    ) -> results.Comparison:
        """Contract lines of the last 12 months and catalogue attributes."""
        desk = Desk(ctx)
        notes: list[str] = []
        found = await desk.gather(
            *(desk.client.rows(ATTRIBUTES, {"prdctIdntNo": one}) for one in product_ids),
            *(_newest_contract(desk, one) for one in product_ids),
            names=[f"attributes of {one}" for one in product_ids] + [f"contract of {one}" for one in product_ids],
            notes=notes,
        )
        number = len(product_ids)
        names: dict[str, list[str]] = {}
        for index, answer in enumerate(found[:number]):
            for row in answer[0] if answer else []:
                attribute = Attribute.read(row)
                values = names.setdefault(attribute.name, [""] * number)
                value = " ".join(filter(None, (attribute.value, attribute.unit)))
                values[index] = " | ".join(filter(None, (values[index], value)))
        return results.Comparison(**desk.head(ATTRIBUTES, incomplete=notes), products=found[number:], attributes=names)

    @connector.action(
        title=Text(en="Price history", ko="가격 이력"),
        description=Text(
            en="What public buyers paid for a product or class, month by month: deliveries, amount, unit prices.",
            ko="공공기관이 실제로 지급한 단가를 월별로(납품 건수·금액·최저·중앙·최고) 보여줍니다.",
        ),
        cache=600,
        timeout=120,
        example={"product_id": "20000000", "months": 12},
    )
    async def get_price_history(
        ctx: Context,
        product_id: Annotated[str, Param("물품식별번호, 8 digits", "물품식별번호 8자리", pattern=r"^(\d{8})?$")] = "",
        category: Annotated[str, Param("Or a 세부품명", "또는 세부품명", max_length=100)] = "",
        months: Annotated[int, Param("Months back, 1 to 36", "거슬러 볼 개월 수(1~36)", ge=1, le=36)] = 12,
    ) -> results.PriceHistory:
        """From delivery requests; only the newest revision of each line counts."""
        if bool(product_id) == bool(category):
            raise Rejected("Give either product_id or category.", remedy="For example product_id=20000000.")
        desk = Desk(ctx)
        start, end = last_days(desk.newest, months * 30 + 1)
        params = {"inqryDiv": "1", "inqryPrdctDiv": "3", "prdctIdntNo": product_id}
        if category:
            params = {"inqryDiv": "1", "inqryPrdctDiv": "2", "dtilPrdctClsfcNoNm": category}
        rows: list[Row] = []
        notes: list[str] = []
        for question in desk.questions(PROCURED, params, start, end):
            found, total = await desk.client.rows(
                PROCURED, question.params, window=question.window, page_size=LARGEST_PAGE, limit=20_000
            )
            rows += [row for row in found if not category or row.get("dtilPrdctClsfcNoNm", category) == category]
            if len(found) < total:
                notes.append(f"{len(found)} of {total} rows were read for {question.window}.")
        points = prices.monthly(map(Delivery.read, newest_rows(rows, operation(PROCURED))))
        priced = [point.median for point in points if point.median]
        return results.PriceHistory(
            **desk.head(PROCURED, incomplete=notes),
            subject=product_id or category,
            period=words((start, end)),
            deliveries=sum(point.deliveries for point in points),
            months=points,
            first_price=priced[0] if priced else None,
            last_price=priced[-1] if priced else None,
            change_percent=prices.change_percent(points),
        )

    @connector.action(
        title=Text(en="Search suppliers", ko="공급업체 검색"),
        description=Text(
            en="Companies on the shopping mall: contract lines, products, categories, price range, certificates.",
            ko="쇼핑몰에 계약을 가진 업체의 품목 수·분류·가격대·인증을 조회합니다.",
        ),
        cache=600,
        timeout=120,
        example={"name": "한빛"},
    )
    async def search_suppliers(
        ctx: Context,
        name: Annotated[str, Param("Part of the company name", "업체명의 일부", min_length=2, max_length=100)],
        count: Count = 20,
        months: Annotated[int, Param("Months back, 1 to 12", "거슬러 볼 개월 수(1~12)", ge=1, le=12)] = 6,
        cursor: Cursor = None,
    ) -> results.SupplierList:
        """Contract lines of the three contract operations, gathered per business number."""
        desk = Desk(ctx)
        period = last_days(desk.newest, months * 30)
        questions = [
            question for source in CONTRACTS for question in desk.questions(source, {"cntrctCorpNm": name}, *period)
        ]
        found = await walk(desk.client, questions, 2_000, page_size=500)
        suppliers = _suppliers([Product.read(row) for row, _, _ in found.rows])
        # The companies are few: they are paged here, the rows behind them are read each time.
        pages = [Question("suppliers", {"name": name, "months": str(months)})]
        offset = decode_cursor(cursor, pages).offset
        chosen = suppliers[offset : offset + count]
        keep = fitting(chosen)
        following = offset + keep
        notes = [] if found.next is None else ["Only the newest 2,000 contract lines were read."]
        more = following < len(suppliers)
        return results.SupplierList(
            **desk.head(", ".join(CONTRACTS), incomplete=notes),
            period=words(period),
            total=len(suppliers) if found.next is None else None,
            returned=keep,
            next_cursor=encode_cursor(Place(0, following), pages) if more else None,
            items=chosen[:keep],
        )

    @connector.action(
        title=Text(en="Categories", ko="품명 목록"),
        description=Text(
            en="Category names with class numbers: the usual ones, or those whose name contains a word.",
            ko="세부품명과 분류번호. 검색어가 없으면 자주 쓰는 품명을 보여줍니다.",
        ),
        cache=3600,
        timeout=60,
        example={"query": "컴퓨터"},
    )
    async def list_categories(
        ctx: Context,
        query: Annotated[str, Param("Part of the name; empty for the usual ones", "품명의 일부", max_length=100)] = "",
    ) -> results.CategoryList:
        """Looked up in the classification service."""
        desk = Desk(ctx)
        if not query:
            return results.CategoryList(**desk.head("built-in list"), items=list(known_categories()))
        rows, total = await desk.client.rows(CLASSES, {"prdctClsfcNoNm": query}, limit=200)
        items = [
            results.Category(
                name=row.get("dtilPrdctClsfcNoNm") or row.get("prdctClsfcNoNm", ""),
                detail_class_no=row.get("dtilPrdctClsfcNo", ""),
                class_no=row.get("prdctClsfcNo", ""),
            )
            for row in rows
        ]
        keep = fitting(items)
        missing = [] if keep >= total else [f"{keep} of {total} categories are shown"]
        return results.CategoryList(**desk.head(CLASSES, incomplete=missing), items=items[:keep])

    connector.action(
        title=Text(en="Crawl a category to a file", ko="카테고리 크롤링 파일 저장"),
        description=Text(
            en="Fetch a category over many days and save it as CSV, XLSX, Parquet or JSON lines, with progress.",
            ko="한 세부품명을 여러 날에 걸쳐 수집해 CSV·XLSX·Parquet·JSONL 파일로 저장합니다(진행률 제공).",
        ),
        effect="write",
        idempotent=True,
        heavy=True,
        timeout=3600,
        example={"category": "데스크톱컴퓨터", "total_days": 90},
    )(run_crawl)


def _period(desk: Desk, days: int, begin: date | None, end: date | None) -> tuple[date, date]:
    last = min(end or desk.newest, desk.today)
    first = begin or last - timedelta(days=days - 1)
    if first > last:
        raise Rejected(f"begin_date {first} is after end_date {last}.", remedy="Swap the two days.")
    return first, last


async def _products(
    desk: Desk,
    params: dict[str, str],
    period: tuple[date, date],
    count: int,
    cursor: str | None,
    *,
    exact: str = "",
) -> results.ProductList:
    questions = desk.questions(MALL, params, *period)
    accept = (lambda row: row.get("dtilPrdctClsfcNoNm") == exact) if exact else None
    fields = await desk.listing(
        questions,
        lambda row, _: Product.read(row),
        count,
        cursor,
        source=MALL,
        accept=accept,
        page_size=max(100, count) if exact else None,
        period=words(period),
    )
    return results.ProductList(**fields)


async def _newest_contract(desk: Desk, product_id: str) -> Product | None:
    """The newest contract line of a product, whichever kind of contract it is under."""
    period = last_days(desk.newest, 360)
    found: list[Product] = []
    for source in CONTRACTS:
        for question in desk.questions(source, {"prdctIdntNo": product_id}, *period):
            rows, _ = await desk.client.rows(source, question.params, window=question.window)
            found += map(Product.read, rows)
    return max(found, key=lambda one: (one.registered or date.min, one.key), default=None)


def _suppliers(lines: list[Product]) -> list[results.Supplier]:
    grouped: dict[str, list[Product]] = defaultdict(list)
    for line in lines:
        grouped[line.supplier_no or line.supplier].append(line)
    found = []
    for number, own in grouped.items():
        costs = [line.price for line in own if line.price]
        found.append(
            results.Supplier(
                name=own[0].supplier,
                business_no=number if number.isdigit() else "",
                contract_lines=len({line.key for line in own}),
                products=len({line.product_id for line in own}),
                categories=sorted({line.category for line in own})[:10],
                lowest_price=min(costs, default=None),
                highest_price=max(costs, default=None),
                certificates=sorted({one for line in own for one in line.certificates})[:10],
            )
        )
    return sorted(found, key=lambda one: (-one.contract_lines, one.name))
