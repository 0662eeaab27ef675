"""Typed rows of the shopping mall: products, their attributes and what was delivered of them.

Money is in won, times in Asia/Seoul.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Self

from pydantic import Field

from procurement.g2b import values as v
from procurement.g2b.rows import Raw, TypedRow


def _method(text: str) -> str:
    """One spelling of a contract method: operations differ in spaces and in the leading 제."""
    joined = text.replace(" ", "")
    return "제3자단가계약" if joined == "3자단가계약" else joined


class Product(TypedRow):
    """One contract line of a shopping-mall product."""

    contract_no: str = Field(description="Shopping contract number with its revision (쇼핑계약번호)")
    line_no: str = Field(description="Line of the contract (순번)")
    product_id: str = Field(description="물품식별번호, eight digits, text")
    name: str = Field(description="Full specification text (물품규격명)")
    category: str = Field(description="세부품명, or 품명 where the former is not given")
    class_no: str = ""
    detail_class_no: str = ""
    price: int | None = Field(default=None, description="Contract price, won; null when not given")
    unit: str = ""
    supplier: str = ""
    supplier_no: str = Field(default="", description="Business registration number, digits")
    maker: str = ""
    contract_method: str = ""
    delivery_days: int | None = None
    supply_region: str = ""
    is_excellent: bool | None = Field(default=None, description="우수조달물품")
    is_mas: bool | None = Field(default=None, description="다수공급자계약")
    certificates: list[str] = Field(default_factory=list)
    contract_start: date | None = None
    contract_end: date | None = None
    registered: date | None = None
    changed: datetime | None = None
    image_url: str = ""

    @property
    def key(self) -> tuple[str, str]:
        return self.contract_no, self.line_no

    @classmethod
    def read(cls, row: Raw) -> Self:
        """One row of any of the four product operations."""
        days = v.number(row, "dlvrTmlmtDaynum", "dlvrTmlmtDate")
        return cls(
            contract_no=v.text(row, "shopngCntrctNo"),
            line_no=v.text(row, "shopngCntrctSno"),
            product_id=v.text(row, "prdctIdntNo"),
            name=v.text(row, "prdctSpecNm", "prdctIdntNoNm"),
            category=v.text(row, "dtilPrdctClsfcNoNm", "prdctClsfcNoNm"),
            class_no=v.text(row, "prdctClsfcNo"),
            detail_class_no=v.text(row, "dtilPrdctClsfcNo"),
            price=v.won(row, "cntrctPrceAmt"),
            unit=v.text(row, "prdctUnit"),
            supplier=v.text(row, "cntrctCorpNm"),
            supplier_no=v.digits_only(v.text(row, "cntrctCorpBizno", "cntrctCorpNo", "corpBizno", "bizno")),
            maker=v.text(row, "prdctMakrNm"),
            contract_method=_method(v.text(row, "cntrctMthdNm")),
            # The guide prints a date column for some operations; a number of days is below ten thousand.
            delivery_days=int(days) if days is not None and days < 10_000 else None,
            supply_region=v.text(row, "prdctSplyRgnNm", "splyJrsdctRgnNm"),
            is_excellent=v.yes(row, "exclncPrcrmntPrdctYn", "exclcProdctYn"),
            is_mas=v.yes(row, "masYn"),
            certificates=[part.strip() for part in v.text(row, "prodctCertList").split(",") if part.strip()],
            contract_start=v.day(row, "cntrctBgnDate"),
            contract_end=v.day(row, "cntrctEndDate"),
            registered=v.day(row, "rgstDt", "cntrctDate"),
            changed=v.moment(row, "chgDt"),
            image_url=v.text(row, "prdctImgUrl"),
        )


class Attribute(TypedRow):
    """One attribute of a product; names can repeat, values can be empty, the order of arrival counts."""

    product_id: str
    name: str
    value: str = ""
    unit: str = ""

    @classmethod
    def read(cls, row: Raw) -> Self:
        return cls(
            product_id=v.text(row, "prdctIdntNo"),
            name=v.text(row, "attrNm"),
            value=v.text(row, "attrVal"),
            unit=v.text(row, "attrUnit"),
        )


class Delivery(TypedRow):
    """One delivered line: what an agency paid for a product. Amounts are cumulative, not changes."""

    request_no: str
    change_order: int
    line_no: str
    received: date | None = None
    product_id: str = ""
    product: str = ""
    category: str = ""
    unit_price: int | None = None
    quantity: Decimal | None = None
    unit: str = ""
    amount: int | None = None
    demander: str = ""
    region: str = ""
    supplier: str = ""
    supplier_no: str = ""
    is_final: bool | None = None

    @classmethod
    def read(cls, row: Raw) -> Self:
        return cls(
            request_no=v.text(row, "dlvrReqNo", "cntrctDlvrReqNo"),
            change_order=int(v.number(row, "dlvrReqChgOrd", "cntrctDlvrReqChgOrd") or 0),
            line_no=v.text(row, "prdctSno"),
            received=v.day(row, "dlvrReqRcptDate", "cntrctDlvrReqDate", "IntlCntrctDlvrReqDate"),
            product_id=v.text(row, "prdctIdntNo"),
            product=v.text(row, "prdctIdntNoNm"),
            category=v.text(row, "dtilPrdctClsfcNoNm", "prdctClsfcNoNm"),
            unit_price=v.won(row, "prdctUprc"),
            quantity=v.number(row, "prdctQty"),
            unit=v.text(row, "prdctUnit"),
            amount=v.won(row, "prdctAmt"),
            demander=v.text(row, "dminsttNm"),
            region=v.text(row, "dminsttRgnNm"),
            supplier=v.text(row, "corpNm"),
            supplier_no=v.digits_only(v.text(row, "cntrctCorpBizno", "corpBizno", "bizno")),
            is_final=v.yes(row, "fnlDlvrReqYn", "fnlCntrctDlvrReqChgOrdYn"),
        )
