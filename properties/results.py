"""What the tools answer. Every answer carries its data time, what was not applied, and why it is empty if it is."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field


class Answer(BaseModel):
    """Head of every answer."""

    model_config = ConfigDict(frozen=True)

    as_of: datetime | None = Field(description="When the newest of this data was seen; null when there is none")
    source: str = Field(description="Where the data comes from")
    mode: str = Field(default="live", description="sandbox: data of the local stand-in, not for decisions")
    unapplied: list[str] = Field(default_factory=list, description="Conditions that could not be applied, and why")
    empty_reason: str = Field(default="", description="Why nothing was found; empty when something was")


class ListingRow(BaseModel):
    """One offer. Money in 만원 (10,000 won), areas in ㎡."""

    id: str
    title: str
    trade: str
    property_type: str
    address: str
    building_dong: str = ""
    floor: str = Field(default="", description="Exact floor, or low, mid, high where platforms mask it")
    direction: str = ""
    rooms: int | None = None
    exclusive_m2: float | None = None
    supply_m2: float | None = None
    price_manwon: int | None = Field(default=None, description="Sale price, or deposit of a lease; the lowest advert")
    price_high_manwon: int | None = Field(default=None, description="The highest advert of the same offer")
    rent_manwon: int | None = Field(default=None, description="Monthly rent")
    adverts: int = Field(description="Adverts of this offer")
    independent_sources: int = Field(description="Separate entries behind them; copies of one entry count once")
    state: str
    days_on_market: int
    flags: list[str] = Field(default_factory=list, description="Doubts about the data, such as price_unit_suspect")


class ListingList(Answer):
    total: int = Field(description="Listings that meet the applied conditions")
    returned: int
    region: str = ""
    items: list[ListingRow]


class PricePoint(BaseModel):
    at: datetime
    platform: str
    kind: str = Field(description="new, price or relisted")
    price_manwon: int | None
    rent_manwon: int | None = None


class AdvertRow(BaseModel):
    platform: str
    advert_id: str
    url: str
    state: str
    price_manwon: int | None
    rent_manwon: int | None = None
    description: str = ""
    confirmed_on: date | None = None
    last_seen: datetime


class ListingDetail(Answer):
    listing: ListingRow
    adverts: list[AdvertRow]
    history: list[PricePoint]


class PriceHistory(Answer):
    listing_id: str
    title: str
    points: list[PricePoint]
    change_percent: float | None = Field(default=None, description="Latest against first known price, percent")


class ComparisonRow(BaseModel):
    field: str
    values: list[str]
    best: int | None = Field(default=None, description="Position of the best value, where better is clear")


class Comparison(Answer):
    titles: list[str]
    rows: list[ComparisonRow]


class MatchRow(BaseModel):
    listing: ListingRow
    score: float = Field(description="0 to 100")
    reasons: list[str] = Field(description="Conditions that hold")
    misses: list[str] = Field(description="Conditions that could not be checked, ending in _unknown")


class MatchList(Answer):
    customer: str
    total: int
    items: list[MatchRow]


class RegionRow(BaseModel):
    code: str = Field(description="Legal-dong code, 10 digits")
    name: str
    level: str = Field(description="sido, sgg, umd or ri")
    lawd_cd: str = Field(description="First five digits, as the transaction services want them")
    valid_from: date | None = None
    former_codes: list[str] = Field(default_factory=list, description="Codes it had before reforms")


class RegionList(Answer):
    items: list[RegionRow]


class DealRow(BaseModel):
    """One reported transaction."""

    dealt_on: date
    name: str
    dong: str
    lot: str
    exclusive_m2: float | None
    floor: int | None
    built_year: int | None
    price_manwon: int | None = None
    deposit_manwon: int | None = None
    rent_manwon: int | None = None
    cancelled_on: date | None = None
    is_direct: bool = False


class DealList(Answer):
    region: str
    months: list[str]
    total: int = Field(description="Deals that meet the conditions")
    returned: int
    provisional_months: list[str] = Field(
        default_factory=list, description="Months that still change: reports are due within 30 days"
    )
    items: list[DealRow]


class MonthRow(BaseModel):
    month: str
    deals: int
    median_price_manwon: int | None = Field(description="null under three deals")
    median_per_m2_manwon: float | None


class GroupRow(BaseModel):
    name: str
    deals: int
    median_price_manwon: int | None
    median_per_m2_manwon: float | None


class ForecastRow(BaseModel):
    months_ahead: int
    per_m2_manwon: float
    low: float
    high: float


class MarketReport(Answer):
    region: str
    kind: str
    months: list[MonthRow]
    change_percent: float | None = Field(description="Median per ㎡, last complete month against the first, percent")
    jeonse_ratio: float | None = Field(description="Median deposit per ㎡ over median sale price per ㎡, same months")
    dongs: list[GroupRow]
    complexes: list[GroupRow]
    sizes: list[GroupRow]
    forecast: list[ForecastRow] = Field(default_factory=list)
    notes: list[str]


class SafetyReport(Answer):
    region: str
    complex_name: str
    risk: str = Field(description="low, middle, high, or unknown when there are too few sales")
    ratio: float | None = Field(description="Deposit and senior debt over the median sale of like units")
    sale_median_manwon: int | None
    sales: int
    reasons: list[str]
    comparable: list[DealRow]


class BuildingRow(BaseModel):
    """One title sheet of the building register."""

    name: str
    block: str = ""
    purpose: str
    structure: str
    total_area_m2: float | None
    site_coverage_percent: float | None
    floor_area_ratio_percent: float | None
    households: int | None
    storeys: int | None
    basements: int | None
    lifts: int | None
    approved_on: date | None


class BuildingList(Answer):
    address: str
    lot_key: str = Field(description="PNU of the lot, 19 digits")
    items: list[BuildingRow]


class ComplexRow(BaseModel):
    code: str = Field(description="K-apt code; not the complex id of transactions")
    name: str
    region_code: str
    address: str


class ComplexList(Answer):
    region: str
    total: int
    items: list[ComplexRow]


class SupplyRow(BaseModel):
    """One type of home of a notice. Money in won; null where the notice's document has to be read."""

    complex: str
    type: str
    exclusive_m2: float | None
    supply_m2: float | None
    offered: int | None
    deposit_won: int | None
    rent_won: int | None


class NoticeRow(BaseModel):
    id: str
    title: str
    kind: str
    province: str
    status: str
    published_on: date | None
    closes_on: date | None
    url: str
    types: list[SupplyRow] = Field(default_factory=list)


class NoticeList(Answer):
    total: int
    items: list[NoticeRow]


class HouseTypeRow(BaseModel):
    type: str
    exclusive_m2: float | None
    supply_m2: float | None
    general: int | None = Field(description="Homes in the general supply")
    special: int | None = Field(description="Homes in the special supply")
    top_price_manwon: int | None


class SubscriptionRow(BaseModel):
    id: str
    name: str
    kind: str
    province: str
    address: str
    region_code: str | None
    households: int | None
    published_on: date | None
    opens_on: date | None
    closes_on: date | None
    winners_on: date | None
    move_in: str = Field(description="Planned month, YYYYMM")
    url: str
    types: list[HouseTypeRow] = Field(default_factory=list)


class SubscriptionList(Answer):
    total: int
    items: list[SubscriptionRow]


class AddressRow(BaseModel):
    road_address: str
    lot_address: str
    zip_code: str
    region_code: str = Field(description="Legal-dong code of today, 10 digits")
    lot_key: str = Field(description="PNU of the lot, 19 digits")
    building: str
    building_id: str = Field(description="25 digits")


class AddressList(Answer):
    total: int
    items: list[AddressRow]
