"""Secrets of second factors are sealed, and open only in the row and field they were sealed for."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.mfa.utils import decrypt, encrypt
from django.apps import apps

from portal.accounts import mfa
from portal.accounts.models import User
from portal.common.crypto import CannotDecrypt
from tests.people import make_user


@pytest.fixture
def person(db: None) -> User:
    return make_user()


def stored(row: Authenticator) -> dict[str, Any]:
    """What the database keeps, past everything that works on rows in memory."""
    data: dict[str, Any] = Authenticator.objects.values_list("data", flat=True).get(pk=row.pk)
    return data


def plant(row: Authenticator, data: dict[str, Any]) -> None:
    """What somebody with a database console could do."""
    Authenticator.objects.filter(pk=row.pk).update(data=data)


def test_a_secret_is_sealed_and_opens_in_its_own_row(person: User) -> None:
    secret = generate_totp_secret()

    factor = TOTP.activate(person, secret).instance

    assert stored(factor)["secret"].startswith("v2:") and secret not in str(stored(factor))
    assert decrypt(factor.data["secret"]) == secret, "also in the row that was just made"
    assert decrypt(Authenticator.objects.get(pk=factor.pk).data["secret"]) == secret


def test_a_secret_moved_to_another_person_does_not_open(person: User) -> None:
    other = make_user("other")
    mine, theirs = (TOTP.activate(user, generate_totp_secret()).instance for user in (person, other))

    plant(theirs, stored(mine))

    with pytest.raises(CannotDecrypt):
        decrypt(Authenticator.objects.get(pk=theirs.pk).data["secret"])


def test_a_secret_moved_to_another_field_or_kind_does_not_open(person: User) -> None:
    secret = stored(TOTP.activate(person, generate_totp_secret()).instance)["secret"]
    codes = RecoveryCodes.activate(person).instance

    for data in ({"seed": secret, "used_mask": 0}, {"secret": secret, "used_mask": 0}):
        plant(codes, data)
        with pytest.raises(CannotDecrypt):
            decrypt(next(value for value in Authenticator.objects.get(pk=codes.pk).data.values() if value))


@pytest.mark.parametrize("planted", ["a plain secret", "loose"])
def test_a_secret_that_is_not_bound_does_not_open(person: User, planted: str) -> None:
    factor = TOTP.activate(person, generate_totp_secret()).instance

    plant(factor, {"secret": encrypt("x") if planted == "loose" else "JBSWY3DPEHPK3PXP"})

    with pytest.raises(CannotDecrypt):
        decrypt(Authenticator.objects.get(pk=factor.pk).data["secret"])


def test_recovery_codes_are_used_up_and_stay_sealed(person: User) -> None:
    codes = RecoveryCodes.activate(person)
    words = codes.get_unused_codes()

    assert codes.validate_code(words[0]) and not codes.validate_code(words[0])

    again = RecoveryCodes(Authenticator.objects.get(pk=codes.instance.pk))
    assert again.get_unused_codes() == words[1:]
    again.mark_as_viewed()
    assert stored(again.instance)["seed"].startswith("v2:")
    again.instance.record_usage()
    assert again.get_unused_codes() == words[1:]


def test_the_migration_binds_what_earlier_versions_wrote(person: User) -> None:
    plain, loose = "JBSWY3DPEHPK3PXP", "0123456789abcdef"
    factor = TOTP.activate(person, generate_totp_secret()).instance
    codes = RecoveryCodes.activate(person).instance
    plant(factor, {"secret": plain})
    plant(codes, {"seed": encrypt(loose), "used_mask": 0})

    import_module("portal.accounts.migrations.0006_bind_second_factors").bind(apps, None)

    assert decrypt(Authenticator.objects.get(pk=factor.pk).data["secret"]) == plain
    assert decrypt(Authenticator.objects.get(pk=codes.pk).data["seed"]) == loose
    assert all(stored(row)[name].startswith("v2:") for row, name in ((factor, "secret"), (codes, "seed")))


def test_the_rotation_binds_what_is_sealed_but_loose_and_no_plain_value(person: User) -> None:
    factor = TOTP.activate(person, generate_totp_secret()).instance
    plant(factor, {"secret": encrypt("loose")})
    assert mfa.outdated() == mfa.wrap_anew() == 1
    assert decrypt(Authenticator.objects.get(pk=factor.pk).data["secret"]) == "loose" and mfa.wrap_anew() == 0

    plant(factor, {"secret": "planted"})

    assert mfa.outdated() == mfa.wrap_anew() == 0
