"""Contract checklists: which items for which deal, progress, paper, and who may tick."""

from __future__ import annotations

import io
from itertools import product

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.common.errors import Conflict, Invalid, NotFound, PermissionDenied
from portal.workspaces.models import AuditEntry, Membership
from portal.workspaces.services import actor_for
from properties.contracts import services
from properties.contracts.checklist import Family, Stage, checklist, family_of, items
from properties.contracts.views import law_links
from properties.desk_models import Contract
from properties.models import Listing
from properties.normalise.codes import PropertyType, Trade

TRADES = ("sale", "jeonse", "monthly")


def keys(kind: str, trade: str) -> set[str]:
    return {item.key for item in checklist(kind, trade)}


# The table


def test_every_item_is_named_once_in_both_languages_with_its_law():
    found = items()

    assert len({item.key for item in found}) == len(found)
    for item in found:
        assert item.ko and item.en and "제" in item.law and item.law.rstrip()[-1] in "조0123456789", item.key
        assert item.trades <= set(TRADES)


@pytest.mark.parametrize(("family", "trade"), list(product(Family, TRADES)))
def test_every_deal_has_items_for_every_stage(family, trade):
    found = checklist(family.value, trade)

    assert {item.stage for item in found} == set(Stage)
    assert [list(Stage).index(item.stage) for item in found] == sorted(list(Stage).index(item.stage) for item in found)
    assert {"register", "explanation", "register_again"} <= {item.key for item in found}


def test_trades_and_types_differ_where_the_law_does():
    assert {"fixed_date", "guarantee", "report_lease"} <= keys("apartment", "jeonse")
    assert "guarantee" not in keys("apartment", "monthly") and "conversion_rate" in keys("villa", "monthly")
    assert {"report_sale", "title", "funding_plan"} <= keys("apartment", "sale")
    assert not {"fixed_date", "move_in"} & keys("apartment", "sale")
    assert {"shop_fixed_date", "key_money", "business_registration"} <= keys("shop", "monthly")
    assert "move_in" not in keys("shop", "jeonse")
    assert {"cadastre", "farmland", "road_access"} <= keys("land", "sale")
    assert not {"condition", "building_register"} & keys("land", "sale")
    assert {"officetel_use", "vat"} <= keys("officetel", "sale") and "other_tenants" in keys("villa", "jeonse")


def test_every_type_and_trade_of_listings_has_a_checklist():
    for kind, trade in product(PropertyType, Trade):
        assert len(checklist(kind.value, trade.value)) >= 15
    assert family_of("factory") is Family.SHOP and family_of("one_room") is Family.VILLA


def test_articles_find_the_statute_that_was_named_before_them():
    found = law_links("공동주택관리법 제30조, 시행령 제31조, 제32조")

    assert [link["text"] for link in found] == ["공동주택관리법 제30조", "시행령 제31조", "제32조"]
    assert found[1]["url"] == found[2]["url"] != found[0]["url"]


# A deal


@pytest.fixture
def home(workspace) -> Listing:
    now = timezone.now()
    return Listing.objects.create(
        workspace=workspace, cluster_key="own:1", trade="jeonse", property_type="villa", title="나다빌",
        first_seen=now, last_seen=now,
    )  # fmt: skip


@pytest.fixture
def contract(actor, home) -> Contract:
    return services.contract_begin(actor, listing_id=home.pk)


@pytest.fixture
def browser(owner, workspace) -> Client:
    client = Client()
    client.force_login(owner)
    return client


def test_a_deal_takes_its_kind_from_the_listing_and_counts(actor, contract):
    assert (contract.trade, contract.property_type, contract.title) == ("jeonse", "villa", "나다빌")

    services.contract_tick(actor, contract.pk, key="register", done=True, note="전화 010-1234-5678")
    changed = services.contract_tick(actor, contract.pk, key="trust", done=True)

    assert services.progress_of(changed) == (2, len(checklist("villa", "jeonse")))
    tick = changed.checks["register"]
    assert tick["by"] == "owner@example.test" and "1234" not in tick["note"]
    services.contract_tick(actor, contract.pk, key="trust", done=False)
    assert services.progress_of(Contract.objects.get())[0] == 1
    assert AuditEntry.objects.filter(verb="contract.unticked").exists()


def test_items_of_other_deals_and_closed_deals_are_refused(actor, contract):
    with pytest.raises(Invalid):
        services.contract_tick(actor, contract.pk, key="farmland", done=True)
    services.contract_close(actor, contract.pk)
    with pytest.raises(Conflict):
        services.contract_tick(actor, contract.pk, key="register", done=True)
    services.contract_close(actor, contract.pk, closed=False)
    services.contract_tick(actor, contract.pk, key="register", done=True)


def test_an_incomplete_deal_names_what_is_missing(actor):
    with pytest.raises(Invalid) as caught:
        services.contract_begin(actor, trade="gift", property_type="castle")

    assert {problem.field for problem in caught.value.problems} == {"title", "trade", "property_type"}


def test_viewers_read_and_strangers_find_nothing(viewer, outsider, workspace, contract):
    client = Client()
    client.force_login(viewer)
    assert client.get(reverse("properties:contract-detail", args=[contract.pk])).status_code == 200
    with pytest.raises(PermissionDenied):
        services.contract_tick(actor_for(viewer, workspace), contract.pk, key="register", done=True)
    elsewhere = actor_for(outsider, Membership.objects.get(user=outsider).workspace)
    with pytest.raises(NotFound):
        services.contract_tick(elsewhere, contract.pk, key="register", done=True)


def test_the_page_begins_ticks_and_prints(browser, actor):
    form = {"title": "가나상가 1층", "trade": "monthly", "property_type": "shop", "signing_on": "2026-12-01"}
    browser.post(reverse("properties:contract-new"), form)
    contract = Contract.objects.get()
    browser.post(reverse("properties:contract-tick", args=[contract.pk]), {"key": "shop_scope", "done": "1"})

    page = browser.get(reverse("properties:contract-detail", args=[contract.pk])).content.decode()
    listed = browser.get(reverse("properties:contract-list")).content.decode()
    paper = browser.get(reverse("properties:contract-print", args=[contract.pk]))

    assert 'aria-pressed="true"' in page and "law.go.kr" in page
    assert "가나상가 1층" in listed and f"1 / {len(checklist('shop', 'monthly'))}" in listed
    from pypdf import PdfReader

    text = "\n".join(sheet.extract_text() for sheet in PdfReader(io.BytesIO(paper.content)).pages)
    assert "상가건물 임대차보호법" in text and "가나상가 1층" in text


def test_a_wrong_form_comes_back(browser):
    form = {"title": "가", "trade": "sale", "property_type": "land", "signing_on": "2026-12-05",
            "handover_on": "2026-12-01"}  # fmt: skip

    assert browser.post(reverse("properties:contract-new"), form).status_code == 422
    assert not Contract.objects.exists()
