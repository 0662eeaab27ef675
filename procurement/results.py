"""What the tools answer: short rows, and with each answer where it comes from, of when, and how complete it is."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from integrations.sdk import FileRef
from procurement.g2b.rows import (
    Attachment,
    Award,
    Bid,
    Contract,
    Notice,
    NoticeChange,
    Opening,
    PreSpecification,
)
from procurement.g2b.shop_rows import Attribute, Product


class Answer(BaseModel):
    """Head of every answer."""

    model_config = ConfigDict(frozen=True)

    as_of: datetime = Field(description="When the upstream was asked, Asia/Seoul")
    source: str = Field(description="Operation of 조달청 that was asked")
    mode: Literal["live", "sandbox", "custom"] = Field(description="sandbox: invented data of the local stand-in")
    incomplete: list[str] = Field(
        default_factory=list, description="What is missing and why; empty when nothing is known to be missing"
    )


class Listing(Answer):
    """Head of an answer with rows."""

    period: str = Field(default="", description="Days asked for, both included")
    total: int | None = Field(default=None, description="Rows the upstream has; null when not known")
    returned: int = 0
    next_cursor: str | None = Field(default=None, description="Pass as `cursor` for the next rows; null at the end")


class ProductList(Listing):
    items: list[Product]


class NoticeList(Listing):
    items: list[Notice]


class AwardList(Listing):
    items: list[Award]


class ContractList(Listing):
    items: list[Contract]


class PreSpecificationList(Listing):
    items: list[PreSpecification]


class RowList(Listing):
    """Rows as the upstream gives them, with personal data of officials left out."""

    items: list[dict[str, str]]


class AttributeList(Answer):
    product_id: str
    name: str = ""
    attributes: list[Attribute]


class Comparison(Answer):
    """Products side by side: one line per attribute, one value per product, in the order asked."""

    products: list[Product | None]
    attributes: dict[str, list[str]]


class NoticeDetail(Answer):
    notice: Notice
    orders: list[str] = Field(default_factory=list, description="All orders of this notice, oldest first")
    changes: list[NoticeChange] = Field(default_factory=list)
    regions: list[str] = Field(default_factory=list)
    licences: list[str] = Field(default_factory=list)
    attachments: list[Attachment] = Field(default_factory=list)


class OpeningResult(Answer):
    """How the opening of one notice went."""

    notice_no: str
    opening: Opening | None = Field(description="null: not opened yet, or not found; see `incomplete`")
    award: Award | None = None
    bids: list[Bid] = Field(default_factory=list, description="Best first; at most 50")
    bidders: int | None = None


class PricePoint(BaseModel):
    """One month of deliveries of a product or class. Prices are unit prices in won."""

    month: str
    deliveries: int
    quantity: Decimal
    amount: int = Field(description="Won")
    lowest: int | None
    median: int | None
    highest: int | None


class PriceHistory(Answer):
    subject: str
    period: str
    deliveries: int
    months: list[PricePoint]
    first_price: int | None = Field(description="Median unit price of the first month with deliveries, won")
    last_price: int | None = Field(description="Median unit price of the last month with deliveries, won")
    change_percent: Decimal | None = None


class Supplier(BaseModel):
    """One company of the shopping mall."""

    name: str
    business_no: str
    contract_lines: int
    products: int
    categories: list[str]
    lowest_price: int | None
    highest_price: int | None
    certificates: list[str]


class SupplierList(Listing):
    items: list[Supplier]


class Category(BaseModel):
    name: str
    detail_class_no: str = Field(description="세부품명번호, ten digits; empty when not confirmed")
    class_no: str = ""


class CategoryList(Answer):
    items: list[Category]


class YearStatistics(Answer):
    year: int
    rows: list[dict[str, str]]


class Quota(BaseModel):
    operation: str
    used: int
    daily: int


class ServerInfo(Answer):
    app: str = "naramarket"
    version: str
    tools: list[str]
    categories: list[str]
    quotas: list[Quota] = Field(description="Calls counted today through this portal, per operation")
    newest_stable_day: date


class WindowReport(BaseModel):
    start: date
    end: date
    status: str
    rows: int
    total: int | None
    error: str = ""


class CrawlReport(Answer):
    """What a crawl to a file did."""

    success: bool = Field(description="Whether a file was written")
    file: FileRef | None
    total_products: int
    windows_processed: int
    pages_processed: int
    calls: int
    success_details: list[WindowReport]
    failed_details: list[WindowReport]
    failed_products: list[str] = Field(default_factory=list, description="Products whose attributes are missing")
    stopped: str = Field(
        default="", description="time, windows, cancelled, quota or error; empty when it ran to the end"
    )
    covered_days: int
    remaining_days: int
    next_anchor_end_date: date | None
    elapsed_sec: float
