"""Signing in: lock-out, second factor, sessions, and where it leads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.test import Client
from django.urls import reverse

from huiyin.base.kit.moment import moved_to, now
from huiyin.base.kit.scope import use
from huiyin.base.kit.service import Refused
from huiyin.base.org import selectors, services, totp
from huiyin.base.org.models import RecoveryCode, SecondFactor, User
from huiyin.base.trail.models import Event
from tests.people import People

from .conftest import PASSWORD

LOGIN = "/login/"


def attempt(client: Client, username: str, password: str, **extra: str) -> int:
    response = client.post(LOGIN, {"username": username, "password": password}, **extra)  # type: ignore[arg-type]
    return response.status_code


def signed_in(client: Client) -> bool:
    return client.get("/profile/").status_code == 200


def test_the_right_password_opens_the_house_and_is_noted(cast: People) -> None:
    client = Client()
    response = client.post(LOGIN, {"username": "alice", "password": PASSWORD, "next": "/profile/"})
    assert response.status_code == 302
    assert response["Location"] == "/profile/"
    assert signed_in(client)
    with use(cast.scope(cast.alice)):
        event = Event.objects.get(verb="org.signed_in")
    assert event.actor_id == cast.alice.pk
    assert event.data["address"] == "127.0.0.1"


@pytest.mark.parametrize(
    "next_url", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "/\\evil"]
)
def test_after_signing_in_nobody_is_led_to_another_house(cast: People, next_url: str) -> None:
    response = Client().post(LOGIN, {"username": "alice", "password": PASSWORD, "next": next_url})
    assert response["Location"] == "/"


def test_a_wrong_password_and_an_unknown_name_are_told_the_same(cast: People) -> None:
    pages = []
    for username in ("alice", "nobody-of-ours"):
        response = Client().post(LOGIN, {"username": username, "password": "wrong"})
        text = response.content.decode().replace(username, "NAME")
        pages.append(
            text.split("<form", 1)[1].split("csrfmiddlewaretoken", 1)[0] + text.split('role="alert"')[1][:300]
        )
    assert pages[0] == pages[1]


def test_five_failures_lock_the_name_at_this_address_only(cast: People) -> None:
    client = Client()
    assert [attempt(client, "alice", "wrong") for _n in range(5)] == [200, 200, 200, 200, 429]
    assert attempt(client, "alice", PASSWORD) == 429
    assert not signed_in(client)
    assert attempt(Client(), "bob", PASSWORD) == 302
    assert attempt(Client(), "alice", PASSWORD, REMOTE_ADDR="10.0.0.9") == 302


def test_an_unknown_name_is_locked_just_the_same(cast: People) -> None:
    client = Client()
    assert [attempt(client, "ghost", "wrong") for _n in range(6)][-2:] == [429, 429]


def test_a_forged_forwarding_header_does_not_undo_the_lock(cast: People) -> None:
    codes = [attempt(Client(), "alice", "wrong", HTTP_X_FORWARDED_FOR=f"10.1.1.{n}") for n in range(5)]
    assert codes[-1] == 429


def test_behind_our_own_proxy_the_person_behind_it_counts(cast: People, settings: object) -> None:
    settings.TRUSTED_PROXIES = 1  # type: ignore[attr-defined]
    for _n in range(5):
        attempt(Client(), "alice", "wrong", HTTP_X_FORWARDED_FOR="1.2.3.4, 10.1.1.1")
    assert attempt(Client(), "alice", PASSWORD, HTTP_X_FORWARDED_FOR="10.1.1.1") == 429
    assert attempt(Client(), "alice", PASSWORD, HTTP_X_FORWARDED_FOR="10.1.1.2") == 302
    assert attempt(Client(), "alice", "wrong", HTTP_X_FORWARDED_FOR="<script>") == 200


def test_the_lock_ends_after_a_quarter_of_an_hour(cast: People) -> None:
    for _n in range(5):
        attempt(Client(), "alice", "wrong")
    with use(cast.scope(cast.dana)):
        assert selectors.locked_until(cast.alice) is not None
    AccessAttempt.objects.update(attempt_time=now() - timedelta(minutes=15, seconds=1))
    with use(cast.scope(cast.dana)):
        assert selectors.locked_until(cast.alice) is None
    assert attempt(Client(), "alice", PASSWORD) == 302


def test_an_administrator_unlocks(cast: People, as_user: Callable[[User], Client]) -> None:
    for _n in range(5):
        attempt(Client(), "alice", "wrong")
    page = as_user(cast.dana).get(reverse("org:person", args=[cast.alice.pk]))
    url = reverse("org:person-unlock", args=[cast.alice.pk])
    assert url in page.content.decode()
    assert as_user(cast.dana).post(url).status_code == 302
    assert attempt(Client(), "alice", PASSWORD) == 302


def test_changing_the_password_ends_all_other_sessions(
    cast: People, as_user: Callable[[User], Client]
) -> None:
    here, elsewhere = as_user(cast.alice), as_user(cast.alice)
    data = {"old": PASSWORD, "password": "another-9-word", "again": "another-9-word"}
    assert here.post("/profile/password/", data).status_code == 302
    assert signed_in(here)
    assert not signed_in(elsewhere)


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"old": "wrong", "password": "another-9-word", "again": "another-9-word"}, "old"),
        ({"old": PASSWORD, "password": "12345678", "again": "12345678"}, "password"),
        ({"old": PASSWORD, "password": "another-9-word", "again": "other"}, "again"),
    ],
)
def test_a_password_is_not_changed_for_a_wrong_or_weak_one(
    cast: People, as_user: Callable[[User], Client], data: dict[str, str], field: str
) -> None:
    response = as_user(cast.alice).post("/profile/password/", data)
    assert response.status_code == 422
    assert response.context["form"].has_error(field)
    cast.alice.refresh_from_db()
    assert cast.alice.check_password(PASSWORD)


def test_somebody_barred_is_out_at_once(cast: People, as_user: Callable[[User], Client]) -> None:
    client = as_user(cast.alice)
    assert signed_in(client)
    bar = reverse("org:person-bar", args=[cast.alice.pk])
    assert as_user(cast.dana).post(bar).status_code == 302
    assert not signed_in(client)
    assert attempt(Client(), "alice", PASSWORD) == 200
    assert as_user(cast.dana).post(bar).status_code == 302
    assert attempt(Client(), "alice", PASSWORD) == 302


def test_nobody_bars_themself(cast: People, as_user: Callable[[User], Client]) -> None:
    response = as_user(cast.dana).post(reverse("org:person-bar", args=[cast.dana.pk]))
    assert response.status_code == 422


def test_signing_out_is_done_by_post_only(cast: People, as_user: Callable[[User], Client]) -> None:
    client = as_user(cast.alice)
    assert client.get("/logout/").status_code == 405
    response = client.post("/logout/")
    assert response["Location"] == LOGIN
    assert "cache" in response["Clear-Site-Data"]
    assert not signed_in(client)


# ---- the second factor


def set_up(client: Client) -> tuple[str, list[str]]:
    """Set up a second factor in the browser; returns the secret and the recovery codes."""
    page = client.get("/profile/second-factor/")
    sealed = page.context["form"]["sealed"].value()
    secret = totp.unseal(sealed)
    assert secret is not None
    code = totp.code_at(secret, totp.step_of(now()))
    done = client.post("/profile/second-factor/", {"sealed": sealed, "code": code, "password": PASSWORD})
    assert done.status_code == 200
    return secret, list(done.context["codes"])


def second_step(client: Client, code: str) -> int:
    return client.post("/login/code/", {"code": code}).status_code


def test_with_a_second_factor_the_password_alone_does_not_open(
    cast: People, as_user: Callable[[User], Client]
) -> None:
    secret, _codes = set_up(as_user(cast.alice))
    client = Client()
    response = client.post(LOGIN, {"username": "alice", "password": PASSWORD, "next": "/profile/"})
    assert response["Location"] == "/login/code/"
    assert not signed_in(client)
    assert second_step(client, "000000") == 422
    later = now() + timedelta(seconds=60)
    with moved_to(later):
        response = client.post("/login/code/", {"code": totp.code_at(secret, totp.step_of(later))})
    assert response["Location"] == "/profile/"
    assert signed_in(client)


def test_a_code_works_once(cast: People, as_user: Callable[[User], Client]) -> None:
    secret, _codes = set_up(as_user(cast.alice))
    later = now() + timedelta(seconds=60)
    code = totp.code_at(secret, totp.step_of(later))
    with moved_to(later):
        results = []
        for _n in range(2):
            client = Client()
            attempt(client, "alice", PASSWORD)
            results.append(second_step(client, code))
    assert results == [302, 422]


def test_the_code_of_the_set_up_does_not_work_again(cast: People, as_user: Callable[[User], Client]) -> None:
    at = now()
    with moved_to(at):
        secret, _codes = set_up(as_user(cast.alice))
        client = Client()
        attempt(client, "alice", PASSWORD)
        assert second_step(client, totp.code_at(secret, totp.step_of(at))) == 422


def test_a_recovery_code_works_once(cast: People, as_user: Callable[[User], Client]) -> None:
    _secret, codes = set_up(as_user(cast.alice))
    assert len(set(codes)) == 10
    results = []
    for _n in range(2):
        client = Client()
        attempt(client, "alice", PASSWORD)
        results.append(second_step(client, codes[3].upper()))
    assert results == [302, 422]
    assert selectors.recovery_codes_left(cast.alice) == 9
    assert not RecoveryCode.objects.filter(digest__in=codes).exists()


def test_wrong_codes_lock_like_wrong_passwords(cast: People, as_user: Callable[[User], Client]) -> None:
    _secret, codes = set_up(as_user(cast.alice))
    client = Client()
    attempt(client, "alice", PASSWORD)
    assert [second_step(client, "000000") for _n in range(5)] == [422, 422, 422, 422, 429]
    assert second_step(client, codes[0]) == 429
    assert attempt(Client(), "alice", PASSWORD) == 429


def test_the_second_step_waits_five_minutes_and_needs_the_first(
    cast: People, as_user: Callable[[User], Client]
) -> None:
    _secret, codes = set_up(as_user(cast.alice))
    assert Client().get("/login/code/")["Location"] == LOGIN
    client = Client()
    attempt(client, "alice", PASSWORD)
    with moved_to(now() + timedelta(minutes=5, seconds=1)):
        response = client.post("/login/code/", {"code": codes[0]})
    assert response["Location"] == LOGIN
    assert not signed_in(client)


def test_setting_up_needs_the_password_and_a_fitting_code(
    cast: People, as_user: Callable[[User], Client]
) -> None:
    client = as_user(cast.alice)
    sealed = client.get("/profile/second-factor/").context["form"]["sealed"].value()
    secret = totp.unseal(sealed) or ""
    good = totp.code_at(secret, totp.step_of(now()))
    for data in (
        {"sealed": sealed, "code": good, "password": "wrong"},
        {"sealed": sealed, "code": "000000", "password": PASSWORD},
        {"sealed": "x", "code": good, "password": PASSWORD},
    ):
        assert client.post("/profile/second-factor/", data).status_code == 422
    assert not SecondFactor.objects.exists()


def test_a_second_factor_is_not_replaced_behind_its_owners_back(
    cast: People, as_user: Callable[[User], Client]
) -> None:
    client = as_user(cast.alice)
    set_up(client)
    assert client.get("/profile/second-factor/").status_code == 302
    with use(cast.scope(cast.alice)), pytest.raises(Refused, match="already-set"):
        services.set_second_factor(cast.alice, secret="x", code="1", by=cast.actor(cast.alice))


def test_turning_it_off_needs_the_password(cast: People, as_user: Callable[[User], Client]) -> None:
    client = as_user(cast.alice)
    set_up(client)
    assert client.post("/profile/second-factor/off/", {"password": "wrong"}).status_code == 422
    assert client.post("/profile/second-factor/off/", {"password": PASSWORD}).status_code == 302
    assert attempt(Client(), "alice", PASSWORD) == 302


def test_new_recovery_codes_replace_the_old(cast: People, as_user: Callable[[User], Client]) -> None:
    client = as_user(cast.alice)
    _secret, old = set_up(client)
    new = client.post("/profile/recovery-codes/", {"password": PASSWORD}).context["codes"]
    fresh = Client()
    attempt(fresh, "alice", PASSWORD)
    assert second_step(fresh, old[0]) == 422
    assert second_step(fresh, new[0]) == 302


def test_an_administrator_removes_it_when_the_telephone_is_lost(
    cast: People, as_user: Callable[[User], Client]
) -> None:
    set_up(as_user(cast.alice))
    url = reverse("org:person-factor", args=[cast.alice.pk])
    assert as_user(cast.carol).post(url).status_code == 404
    assert as_user(cast.dana).post(url).status_code == 302
    assert attempt(Client(), "alice", PASSWORD) == 302


# ---- the rest of the account


def test_a_key_is_shown_once_and_works_until_it_is_revoked(
    cast: People, as_user: Callable[[User], Client]
) -> None:
    client = as_user(cast.alice)
    shown = client.post("/profile/keys/new/", {"name": "phone system"})
    key = shown.context["key"]
    assert key in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    token = selectors.token_for(key)
    assert token is not None
    assert key not in client.get("/profile/").content.decode()
    revoke = reverse("account:key-revoke", args=[token.pk])
    assert as_user(cast.bob).post(revoke).status_code == 404
    assert client.post(revoke).status_code == 302
    assert selectors.token_for(key) is None


def test_the_language_is_kept_with_the_person_and_in_the_browser(
    cast: People, as_user: Callable[[User], Client]
) -> None:
    client = as_user(cast.alice)
    response = client.post("/language/", {"language": "en", "next": "/profile/"})
    assert response["Location"] == "/profile/"
    assert response.cookies["django_language"].value == "en"
    cast.alice.refresh_from_db()
    assert cast.alice.language == "en"
    assert ' lang="en"\n' in client.get("/profile/").content.decode()
    assert client.post("/language/", {"language": "xx", "next": "https://evil.example"})["Location"] == "/"


def test_chinese_is_spoken_whatever_the_browser_prefers(cast: People) -> None:
    page = Client().get(LOGIN, headers={"Accept-Language": "en-US,en"})
    assert ' lang="zh-hans"\n' in page.content.decode()


def test_a_stranger_is_sent_to_sign_in_and_a_dialog_sends_its_page(cast: People) -> None:
    assert Client().get("/profile/")["Location"] == "/login/?next=/profile/"
    part = Client().get(
        "/profile/change/", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/org/?q=1"}
    )
    assert part.status_code == 401
    assert part["HX-Redirect"] == "/login/?next=/org/%3Fq%3D1"
