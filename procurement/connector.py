"""The Naramarket tools, as workflows and MCP servers see them."""

from __future__ import annotations

from integrations.sdk import Connector, Context, Text, Upstream
from procurement import tools_awards, tools_bids, tools_generic, tools_products
from procurement.desk import Desk
from procurement.keys import SANDBOX_KEY, NaramarketKey

G2B = Upstream(
    key="naramarket",
    base_url_env="G2B_BASE_URL",
    live="https://apis.data.go.kr",
    sandbox="/g2b",
    sandbox_credential={"service_key": SANDBOX_KEY},
)

naramarket = Connector(
    "naramarket",
    title=Text(en="Naramarket procurement", ko="나라장터"),
    description=Text(
        en="Korean public procurement: shopping-mall products, bid notices, openings, awards, contracts and prices.",
        ko="조달청 나라장터의 쇼핑몰 품목, 입찰공고, 개찰·낙찰, 계약, 가격 이력.",
    ),
    auth=NaramarketKey,
    upstream=G2B,
    group="procurement",
    icon="icon.svg",
    docs_url="https://www.data.go.kr/data/15129471/openapi.do",
)

tools_products.register(naramarket)
tools_bids.register(naramarket)
tools_awards.register(naramarket)
tools_generic.register(naramarket)


@naramarket.test
async def check(ctx: Context) -> None:
    """Ask for the attributes of one product: cheap, and it proves the key."""
    await Desk(ctx).client.page("getPrdctIndvAtrbInfoList02", {"prdctIdntNo": "23657020"}, page_size=10)
