"""The duplicate search: merges what is one offer, keeps apart what is not, and does not depend on order or batches."""

import random
from dataclasses import replace

import pytest

from properties.dedup import Advert, Decision, DuplicateIndex, compare
from properties.dedup.evaluate import agreement, run
from properties.dedup.generator import Generator
from properties.dedup.naming import NameBook, name_relation

BASE = Advert(
    key="naver:1",
    platform="naver",
    trade="sale",
    region_code="1168010100",
    name="가나래미안 3단지",
    price=123_000,
    exclusive_m2=84.97,
    supply_m2=112.39,
    floor=12,
    band="mid",
    floor_total=25,
    dong="103",
    direction="SE",
    latitude=37.51,
    longitude=127.06,
)


def clusters_of(*adverts: Advert, decisions: tuple[Decision, ...] = ()) -> set[frozenset[str]]:
    index = DuplicateIndex({"1168010100": "역삼동"})
    index.add(adverts, decisions)
    return {frozenset(members) for members in index.clusters().values()}


def test_two_offices_offering_one_unit_are_one_offer() -> None:
    other = replace(BASE, key="zigbang:9", platform="zigbang", name="가나래미안3단지아파트", floor=None, price=125_000)

    assert clusters_of(BASE, other) == {frozenset({"naver:1", "zigbang:9"})}


@pytest.mark.parametrize(
    "difference",
    [
        {"floor": 13},
        {"dong": "104"},
        {"direction": "W"},
        {"name": "가나래미안 4단지"},
        {"trade": "jeonse"},
        {"exclusive_m2": 59.97},
        {"floor_total": 30},
        {"floor": None, "band": "low"},
    ],
)
def test_a_known_difference_keeps_adverts_apart(difference: dict[str, object]) -> None:
    other = replace(BASE, key="kb:2", platform="kb", **difference)

    assert len(clusters_of(BASE, other)) == 2


def test_a_masked_floor_never_chains_two_units() -> None:
    upper = replace(BASE, key="kb:2", platform="kb", floor=14)
    masked = replace(BASE, key="dabang:3", platform="dabang", floor=None, dong=None)

    found = clusters_of(BASE, upper, masked)

    assert not any({"naver:1", "kb:2"} <= members for members in found)


def test_an_advert_that_fits_two_units_is_asked_about() -> None:
    index = DuplicateIndex()
    index.add([BASE, replace(BASE, key="kb:2", floor=14), replace(BASE, key="dabang:3", floor=None, dong=None)])

    assert {(question.one, question.reason) for question in index.questions()} >= {("dabang:3", "ambiguous")}
    assert index.cluster_of("dabang:3") == "dabang:3"


def test_copies_of_one_entry_are_joined_and_counted_once() -> None:
    copy = replace(BASE, key="serve:7", platform="serve", price=150_000, source_keys=("naver:1",))
    independent = replace(BASE, key="kb:2", platform="kb")
    index = DuplicateIndex()
    index.add([copy, BASE, independent])

    (members,) = index.clusters().values()

    assert members == ["kb:2", "naver:1", "serve:7"]
    assert index.independent_sources(members) == 2


def test_decisions_of_people_win_over_scores_and_survive_new_adverts() -> None:
    same = replace(BASE, key="kb:2", platform="kb")
    index = DuplicateIndex()
    index.add([BASE, same], [Decision("naver:1", "kb:2", same=False)])
    index.add([replace(BASE, key="serve:3", platform="serve", floor=None, dong=None)])

    assert index.cluster_of("naver:1") != index.cluster_of("kb:2")

    other_floor = replace(BASE, key="kb:5", platform="kb", floor=20, band="high")
    assert len(clusters_of(BASE, other_floor, decisions=(Decision("naver:1", "kb:5", same=True),))) == 1


def test_adding_again_changes_nothing() -> None:
    adverts = [advert for advert, _ in Generator(3, share=0.05).adverts(600)]
    index = DuplicateIndex()
    index.add(adverts)
    before = index.clusters()

    assert index.add(adverts) == 0
    assert index.clusters() == before


def test_order_and_batches_do_not_matter() -> None:
    generator = Generator(5, share=0.05)
    adverts = [advert for advert, _ in generator.adverts(1_500)]
    leaves = {item.region: item.leaf for item in generator.complexes}
    whole = DuplicateIndex(leaves)
    whole.add(adverts)

    shuffled = list(adverts)
    random.Random(1).shuffle(shuffled)
    pieces = DuplicateIndex(leaves)
    for start in range(0, len(shuffled), 170):
        pieces.add(shuffled[start : start + 170])

    assert pieces.clusters() == whole.clusters()
    assert [(item.one, item.other) for item in pieces.questions()] == [
        (item.one, item.other) for item in whole.questions()
    ]


def test_the_explanation_gives_the_score_the_search_used() -> None:
    generator = Generator(8, share=0.05)
    adverts = {advert.key: advert for advert, _ in generator.adverts(1_200)}
    leaves = {item.region: item.leaf for item in generator.complexes}
    index = DuplicateIndex(leaves)
    index.add(adverts.values())
    keys = index.columns.keys

    checked = 0
    for one, other, score in zip(index.left.tolist(), index.right.tolist(), index.scores.tolist(), strict=True):
        if score < 40:
            first, second = adverts[keys[one]], adverts[keys[other]]
            assert compare(first, second, leaves[first.region_code]).score == pytest.approx(score)
            checked += 1

    assert checked > 300


def test_quality_holds_on_a_seed_nobody_tuned_on() -> None:
    outcome = run(seed=20_261_121, size=4_000, added=0, copies=1, share=0.05)

    assert outcome["pair_f1"] >= 0.91
    assert outcome["bcubed_f1"] >= 0.94
    assert outcome["auto_precision"] >= 0.95


def test_the_scorer_knows_perfect_and_poor_answers() -> None:
    assert agreement(["a", "a", "b"], ["x", "x", "y"])["pair_f1"] == 1
    assert agreement(["a", "a", "a"], ["x", "x", "y"])["pair_precision"] == pytest.approx(1 / 3)
    assert agreement(["a", "b", "c"], ["x", "x", "x"])["bcubed_f1"] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("one", "other", "related"),
    [
        ("역삼래미안", "래미안", True),
        ("목동신시가지7", "목동신시가지7단지", True),
        ("목동신시가지7", "목동신시가지13", False),
        ("현대(101동~105동)", "현대(106동~110동)", False),
        ("푸르지오", "힐스테이트", False),
    ],
)
def test_names_are_related_with_numbers_compared_exactly(one: str, other: str, related: bool) -> None:
    assert bool(name_relation(one, other, "역삼동")) is related


def test_the_book_of_names_relates_exactly_what_pairs_relate() -> None:
    generator = Generator(11, share=0.2)
    leaves = {home.region: home.leaf for home in generator.complexes}
    by_region: dict[str, set[str]] = {}
    for advert, _ in generator.adverts(3_000):
        if advert.name:
            by_region.setdefault(advert.region_code, set()).add(advert.name)

    compared = related = 0
    for region, found in by_region.items():
        names = list(enumerate(sorted(found)))
        book, kinds = NameBook(leaves[region]), {}
        for part in (names[::2], names[1::2]):  # in two goes, as adverts arrive
            kinds |= book.add(part)
        for one, first in names:
            for other, second in names[one + 1 :]:
                compared += 1
                expected = name_relation(first, second, leaves[region])
                related += expected > 0
                assert kinds.get((one, other), 0) == expected, (first, second)
    assert compared > 500 and related > 50
