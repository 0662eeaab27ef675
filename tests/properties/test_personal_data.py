"""Brokers' names and numbers planted in every platform's answers appear nowhere: rows, API, pages, exports, logs."""

import logging
from io import BytesIO

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from properties import sandbox
from properties.collectors import Access, load_profiles
from properties.legal import legal_basis_record
from properties.models import Advert, Collection, Listing
from properties.normalise import PropertyType
from properties.resolution import resolve_regions
from properties.sandbox_data.world import adverts_of, complex_number
from properties.services import collection_run, collection_start

AREA, CODE = "서초구 반포동", "1165010700"
PLANTED = ("5555-0142", "55550142", "가나공인중개사", "집주인")
GROUND = {"ground": "written_permission", "details": "Contract of 2026-10-01, signed by both sides."}


def complexes_of(world: str) -> list[str]:
    found = {
        complex_number(row.advert)
        for row in adverts_of(world, sandbox.switches.today())
        if row.advert.region_code == CODE and row.advert.is_complex and row.advert.name
    }
    return sorted(found)[:3]


@pytest.fixture
def collected(actor, platforms: sandbox.Switches) -> list[Collection]:
    done = []
    for key, profile in load_profiles().items():
        if profile.access is not Access.NEEDS_BASIS or not profile.collectable:
            continue
        legal_basis_record(actor, platform=key, **GROUND)
        kinds = [kind.value for kind in PropertyType if kind.value in profile.property_codes]
        by_complex = any(step.per == "complex" for step in profile.steps.values())
        (task,) = collection_start(
            actor,
            platforms=[key],
            areas=[AREA],
            property_types=kinds[:1],
            complex_ids=complexes_of("zigbang" if key == "hogangnono" else "naver") if by_complex else (),
        )
        done.append(collection_run(task.pk))
    return done


def test_planted_people_appear_nowhere(
    collected: list[Collection], client: Client, owner, workspace, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    assert {task.outcome for task in collected} == {"complete"}, [(task.platform, task.reason) for task in collected]
    resolve_regions(workspace, set(Advert.objects.values_list("region_code", flat=True)))
    client.force_login(owner)
    listing = Listing.objects.for_workspace(workspace).filter(adverts_count__gt=1).first()
    assert listing is not None

    shown = {
        "rows": "".join(
            repr(row) for model in apps.get_app_config("properties").get_models() for row in model.objects.values()
        ),
        "rest": client.get("/api/v1/properties/listings?limit=200").content.decode(),
        "detail": client.get(f"/api/v1/properties/listings/{listing.pk}").content.decode(),
        "history": client.get(f"/api/v1/properties/listings/{listing.pk}/history").content.decode(),
        "tasks": client.get("/api/v1/tasks").content.decode(),
        "page": client.get(reverse("properties:listing-detail", args=[listing.pk])).content.decode(),
        "workbook": repr(
            [
                list(sheet.values)
                for sheet in load_workbook(BytesIO(client.get(reverse("properties:listing-export")).content)).worksheets
            ]
        ),
        "log": caplog.text,
    }

    assert len(shown["rows"]) > 100_000 and listing.title in shown["detail"]
    for word in PLANTED:
        assert [door for door, text in shown.items() if word in text] == [], word
