"""From a collection to offers, history, review, matches: the whole walk on a real database."""

import json
from datetime import date, timedelta

import pytest
from asgiref.sync import async_to_sync
from django.utils import timezone

from integrations.sdk import Context, Rejected
from portal.common.errors import Invalid, NotFound, PermissionDenied
from portal.workspaces.models import AuditEntry, Workspace
from portal.workspaces.services import actor_for
from properties.connector import compare_listings, get_listing, list_matches, search_listings
from properties.errors import NoLegalBasis, UnknownPlatform, UnknownRegion
from properties.intake import take_adverts
from properties.legal import legal_basis_record, legal_basis_revoke
from properties.models import (
    Advert,
    Collection,
    History,
    HistoryKind,
    Listing,
    RawPage,
    ReviewPair,
)
from properties.normalise import RawAdvert
from properties.resolution import pair_decide, resolve_regions
from properties.selectors import Conditions, listings_search, price_history, why_empty
from properties.services import (
    collection_run,
    collection_start,
    collections_repeat,
    match_listings,
    raw_pages_expire,
    requirement_create,
)

GROUND = {"ground": "written_permission", "details": "Contract of 2026-10-01, signed by both sides."}
REGION = "1165010100"


def raw(platform: str, identifier: str, **fields) -> RawAdvert:
    base = {
        "trade": "매매",
        "property_type": "아파트",
        "complex_name": "가나래미",
        "price_text": "12억 3,000",
        "exclusive": "84.97",
        "supply": "112.39",
        "floor": "12/25",
        "building_dong": "103동",
        "direction": "남동향",
        "region_code": REGION,
    }
    return RawAdvert(platform, identifier, {**base, **fields})


def collect(actor, platform="naver", area="서초구", **options) -> Collection:
    (task,) = collection_start(actor, platforms=[platform], areas=[area], **options)
    return collection_run(task.pk)


@pytest.fixture
def allowed(actor):
    legal_basis_record(actor, platform="naver", **GROUND)


# Legal basis


def test_a_private_platform_is_refused_without_a_recorded_basis(actor, platforms):
    with pytest.raises(NoLegalBasis) as caught:
        collection_start(actor, platforms=["naver"], areas=["서초구"])

    assert "database" in caught.value.details["terms_note"]
    assert not Collection.objects.exists()
    assert not platforms.calls


def test_recording_a_basis_is_audited_and_revoking_closes_the_door(actor, platforms):
    legal_basis_record(actor, platform="naver", **GROUND)
    assert AuditEntry.objects.filter(verb="legal_basis.recorded", actor_label="owner@example.test").exists()

    legal_basis_revoke(actor, platform="naver")

    with pytest.raises(NoLegalBasis):
        collection_start(actor, platforms=["naver"], areas=["서초구"])


def test_a_basis_needs_a_ground_details_and_a_polite_rate(actor):
    with pytest.raises(Invalid) as caught:
        legal_basis_record(actor, platform="naver", ground="because", details="ok", requests_per_second=5)

    assert {problem.field for problem in caught.value.problems} == {"ground", "details", "requests_per_second"}


def test_only_admins_record_a_basis_and_viewers_collect_nothing(actor, viewer, workspace):
    weak = actor_for(viewer, workspace)

    with pytest.raises(PermissionDenied):
        legal_basis_record(weak, platform="naver", **GROUND)
    with pytest.raises(PermissionDenied):
        collection_start(weak, platforms=["naver"], areas=["서초구"])


def test_link_only_platforms_and_unknown_regions_are_named(actor, allowed):
    with pytest.raises(UnknownPlatform):
        collection_start(actor, platforms=["asil"], areas=["서초구"])
    with pytest.raises(UnknownRegion) as caught:
        collection_start(actor, platforms=["naver"], areas=["역삼동"])
    assert "강남구" in caught.value.remedy


# Collection


def test_a_collection_brings_adverts_raw_pages_and_no_personal_data(actor, workspace, platforms, allowed):
    task = collect(actor)

    assert (task.outcome, task.robots) == ("complete", "not_checked")
    assert task.received == task.created == Advert.objects.count() > 10
    assert RawPage.objects.count() == task.requests
    kept = json.dumps(
        [*Advert.objects.values_list("facts", flat=True), *RawPage.objects.values_list("body", flat=True)]
    )
    for secret in ("5555-0142", "가나공인중개사", json.dumps("가나공인중개사").strip('"')):
        assert secret not in kept


def test_running_a_finished_collection_again_does_nothing(actor, platforms, allowed):
    task = collect(actor)
    calls = dict(platforms.calls)

    collection_run(task.pk)

    assert dict(platforms.calls) == calls


def test_price_changes_become_history(actor, workspace, platforms, allowed):
    platforms.day = date(2026, 11, 10)
    collect(actor)
    platforms.day = date(2026, 12, 10)
    task = collect(actor)

    changes = History.objects.filter(kind=HistoryKind.PRICE)
    assert task.changed and changes.exists()
    assert all(change.before["price"] != change.after["price"] for change in changes)


def test_only_two_complete_collections_in_a_row_end_an_advert(actor, workspace, platforms, allowed):
    take_adverts(workspace, [raw("naver", "extra", region_code="1165010700")])
    collect(actor)
    extra = Advert.objects.get(platform_id="extra")
    assert (extra.state, extra.missed) == ("missing", 1)

    platforms.faults.append({"site": "naver", "kind": "429", "after": 1})
    blocked = collect(actor)
    extra.refresh_from_db()
    assert blocked.outcome == "blocked" and blocked.remedy
    assert (extra.state, extra.missed) == ("missing", 1)


def test_a_second_complete_miss_ends_the_advert(actor, workspace, platforms, allowed):
    take_adverts(workspace, [raw("naver", "extra", region_code="1165010700")])
    collect(actor)
    collect(actor)

    extra = Advert.objects.get(platform_id="extra")
    assert extra.state == "closed"
    assert extra.history.filter(kind=HistoryKind.STATE).count() == 1


def test_what_people_collected_is_collected_again_while_it_is_allowed(actor, platforms, allowed):
    collect(actor)
    assert collections_repeat() == 1
    assert Collection.objects.filter(state="queued", requested_by=None).count() == 1

    legal_basis_revoke(actor, platform="naver")

    assert collections_repeat() == 0


def test_raw_pages_go_when_their_time_is_over(actor, platforms, allowed):
    collect(actor)
    assert raw_pages_expire() == 0

    RawPage.objects.update(expires_at=timezone.now() - timedelta(days=1))

    assert raw_pages_expire() > 0
    assert not RawPage.objects.exists()


# Offers


def test_adverts_of_one_unit_become_one_listing_with_the_lowest_price(workspace):
    take_adverts(workspace, [raw("naver", "1"), raw("kb", "2", price_text="12억 1,000", floor="중/25")])
    resolve_regions(workspace, [REGION])

    listing = Listing.objects.get()
    assert (listing.price, listing.price_high, listing.floor) == (121_000, 123_000, 12)
    assert (listing.adverts_count, listing.sources_count) == (2, 2)
    assert listing.complex.name == "가나래미"


def test_a_listing_keeps_its_row_and_history_when_adverts_come_and_go(workspace):
    take_adverts(workspace, [raw("naver", "1")])
    resolve_regions(workspace, [REGION])
    first = Listing.objects.get()
    take_adverts(workspace, [raw("naver", "1", price_text="11억 9,000"), raw("kb", "2")])
    resolve_regions(workspace, [REGION])

    listing = Listing.objects.get()
    assert listing.pk == first.pk
    assert listing.price_changed_at is not None
    assert sorted(point["price"] for point in price_history(listing)) == [119_000, 123_000, 123_000]


def test_resolving_again_changes_nothing(workspace):
    take_adverts(workspace, [raw("naver", "1"), raw("kb", "2"), raw("naver", "3", floor="20/25")])
    resolve_regions(workspace, [REGION])
    before = list(Listing.objects.order_by("pk").values("pk", "cluster_key", "price", "adverts_count"))

    assert resolve_regions(workspace, [REGION]) == []
    assert list(Listing.objects.order_by("pk").values("pk", "cluster_key", "price", "adverts_count")) == before


def test_offers_that_swap_adverts_between_runs_stay_consistent(actor, workspace):
    take_adverts(workspace, [raw("naver", str(number), floor=f"{number}/25") for number in range(1, 9)])
    resolve_regions(workspace, [REGION])
    keys = list(Listing.objects.order_by("cluster_key").values_list("cluster_key", flat=True))

    for one, other in zip(keys[::2], keys[1::2], strict=True):
        pair_decide(actor, one_key=one, other_key=other, same=True)
    for one, other in zip(keys[::2], keys[1::2], strict=True):
        pair_decide(actor, one_key=one, other_key=other, same=False)

    live = Listing.objects.filter(state="live")
    assert sorted(live.values_list("cluster_key", flat=True)) == keys
    assert all(listing.adverts.count() == 1 for listing in live)


def test_a_verdict_splits_a_listing_and_survives_the_next_run(actor, workspace):
    take_adverts(workspace, [raw("naver", "1"), raw("kb", "2")])
    resolve_regions(workspace, [REGION])
    assert Listing.objects.count() == 1

    pair_decide(actor, one_key="kb:2", other_key="naver:1", same=False)
    take_adverts(workspace, [raw("serve", "3", region_code="1165010200")])
    resolve_regions(workspace, [REGION])

    assert Listing.objects.filter(region_code=REGION).count() == 2


def test_ambiguous_pairs_wait_for_a_person_with_reasons(workspace):
    take_adverts(
        workspace,
        [raw("naver", "1"), raw("naver", "2", floor="14/25"), raw("dabang", "3", floor="중층", building_dong="")],
    )
    resolve_regions(workspace, [REGION])

    pair = ReviewPair.objects.first()
    assert pair is not None
    assert any(name == "price_equal" for name, _ in pair.reasons)


# Search


def test_search_filters_by_region_price_and_says_what_it_could_not_apply(workspace):
    take_adverts(workspace, [raw("naver", "1"), raw("naver", "2", price_text="30억", floor="3/25")])
    resolve_regions(workspace, [REGION])

    found = listings_search(workspace, Conditions(area="서초구", price_max=150_000))
    assert [listing.price for listing in found.rows] == [123_000]
    assert found.region_name == "서울특별시 서초구"

    wrong = listings_search(workspace, Conditions(area="없는구", sort="beauty"))
    assert not wrong.rows.exists()
    assert len(wrong.unapplied) == 2


def test_an_empty_result_says_which_condition_left_nothing(workspace):
    empty = Conditions()
    assert "no listings yet" in why_empty(workspace, empty, listings_search(workspace, empty))
    take_adverts(workspace, [raw("naver", "1")])
    resolve_regions(workspace, [REGION])

    for wish, word in (
        (Conditions(area="서초구", price_max=50_000), "price_max"),
        (Conditions(trade="monthly"), "trade"),
        (Conditions(area="강남구"), "Nothing was ever collected"),
    ):
        search = listings_search(workspace, wish)
        assert not search.rows.exists()
        assert word in why_empty(workspace, wish, search)


# Customers


def test_a_wish_is_matched_at_once_and_explained(actor, workspace):
    take_adverts(workspace, [raw("naver", "1"), raw("naver", "2", price_text="30억", floor="3/25")])
    resolve_regions(workspace, [REGION])

    wish = requirement_create(
        actor, customer="김고객", trade="sale", region_codes=["1165000000"], price_max=130_000, rooms_min=3
    )

    (match,) = wish.matches.all()
    assert {"trade", "region", "price"} <= set(match.reasons)
    assert match.misses == ["rooms_unknown"]


def test_a_region_condition_really_filters(actor, workspace):
    take_adverts(workspace, [raw("naver", "1")])
    resolve_regions(workspace, [REGION])

    wish = requirement_create(actor, customer="이고객", trade="sale", region_codes=["1168000000"])

    assert not wish.matches.exists()
    assert match_listings(workspace) == []


# MCP tools


def call(action, workspace_id, **params):
    return async_to_sync(action.invoke)(Context(http=None, workspace_id=str(workspace_id)), params)


def test_the_tools_answer_with_data_time_and_reasons(workspace):
    take_adverts(workspace, [raw("naver", "1"), raw("naver", "2", price_text="30억", floor="3/25")])
    resolve_regions(workspace, [REGION])

    found = call(search_listings, workspace.pk, area="서초구", price_max=200_000)
    assert found["total"] == 1 and found["as_of"] and found["items"][0]["price_manwon"] == 123_000
    nothing = call(search_listings, workspace.pk, area="역삼동")
    assert nothing["total"] == 0 and nothing["empty_reason"] and "강남구" in nothing["unapplied"][0]

    everything = call(search_listings, workspace.pk)
    ids = [item["id"] for item in everything["items"]]
    detail = call(get_listing, workspace.pk, listing_id=ids[0])
    assert detail["adverts"] and detail["history"]
    table = call(compare_listings, workspace.pk, listing_ids=ids)
    price = next(row for row in table["rows"] if row["field"] == "price_manwon")
    assert price["best"] == [item["price_manwon"] for item in everything["items"]].index(123_000)


def test_the_tools_see_only_their_own_workspace(workspace, outsider):
    take_adverts(workspace, [raw("naver", "1")])
    resolve_regions(workspace, [REGION])
    listing_id = str(Listing.objects.get().pk)
    elsewhere = Workspace.objects.get(name="Elsewhere").pk

    assert call(search_listings, elsewhere)["total"] == 0
    with pytest.raises(NotFound):
        call(get_listing, elsewhere, listing_id=listing_id)
    with pytest.raises(Rejected, match="no customer"):
        call(list_matches, elsewhere, customer="김고객")
