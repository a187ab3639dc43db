"""Writing the organisation: units, sites, posts, people, appointments, keys."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import date
from typing import Any

from axes.utils import reset as forget_failures
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.moment import now, today
from huiyin.base.kit.permissions import known
from huiyin.base.kit.scope import Actor, current
from huiyin.base.kit.service import Refused, service
from huiyin.base.trail.registry import verb
from huiyin.base.trail.services import record

from .models import (
    ApiToken,
    Appointment,
    OrgUnit,
    Post,
    RecoveryCode,
    SavedView,
    SecondFactor,
    Site,
    Stamp,
    User,
    pinyin_of,
)
from .selectors import digest_of, factor_of, sites_under
from .totp import matching_step, new_recovery_codes, recovery_digest, resealed, seal, unseal

UNIT_ADDED = verb("org.unit_added", _("Unit added"))
UNIT_CHANGED = verb("org.unit_changed", _("Unit changed"))
POST_SAVED = verb("org.post_saved", _("Post changed"))
USER_ADDED = verb("org.user_added", _("Person added"))
USER_CHANGED = verb("org.user_changed", _("Person changed"))
APPOINTED = verb("org.appointed", _("Appointed"))
RELIEVED = verb("org.relieved", _("Appointment ended"))
TOKEN_ISSUED = verb("org.token_issued", _("Interface key issued"))
TOKEN_REVOKED = verb("org.token_revoked", _("Interface key revoked"))
PASSWORD_SET = verb("org.password_set", _("Password set"))
SIGNED_IN = verb("org.signed_in", _("Signed in"))
UNLOCKED = verb("org.unlocked", _("Sign-in unlocked"))
FACTOR_SET = verb("org.second_factor_set", _("Second factor set up"))
FACTOR_DROPPED = verb("org.second_factor_dropped", _("Second factor removed"))
CODES_RENEWED = verb("org.recovery_codes_renewed", _("Recovery codes renewed"))
CODE_USED = verb("org.recovery_code_used", _("Recovery code used"))


def _touch() -> None:
    """Make every process forget the scopes it has computed."""
    number = secrets.randbits(62) + 1
    if not Stamp.objects.filter(pk=1).update(number=number):
        Stamp.objects.create(pk=1, number=number)


def _well_formed(row: Model, **exclude: Any) -> None:
    """Refused (Refused) with the first thing the model says is wrong with the row."""
    try:
        row.full_clean(**exclude)
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise Refused("invalid", "%(text)s", params={"text": " ".join(messages)}, field=field) from error


def _require_over(unit: OrgUnit, permission: str) -> None:
    """Refused (PermissionDenied) unless `permission` is held at every site under the unit."""
    scope = current()
    if scope.everywhere or permission in scope.company:
        return
    sites = list(sites_under(unit).values_list("pk", flat=True))
    if not sites or unit.kind in (OrgUnit.Kind.COMPANY, OrgUnit.Kind.BRANCH):
        scope.require(permission, None)
    for site_id in sites:
        scope.require(permission, site_id)


@service
def add_unit(
    parent: OrgUnit | None, *, kind: str, code: str, name: str, address: str = "", phone: str = "", by: Actor
) -> OrgUnit:
    """Add a unit under `parent` (None for the one company at the root); a site unit gets its `Site`.

    Refused when the parent cannot carry such a unit, or the code is taken.
    """
    if parent is None:
        current().require("org.edit", None)
        if OrgUnit.objects.filter(parent=None).exists():
            raise Refused("second-company", _("There is one organisation; add branches under it."))
    else:
        _require_over(parent, "org.edit")
    above = parent.kind if parent else None
    allowed = {
        None: {OrgUnit.Kind.COMPANY},
        OrgUnit.Kind.COMPANY: {OrgUnit.Kind.BRANCH, OrgUnit.Kind.SITE, OrgUnit.Kind.TEAM},
        OrgUnit.Kind.BRANCH: {OrgUnit.Kind.BRANCH, OrgUnit.Kind.SITE},
        OrgUnit.Kind.SITE: {OrgUnit.Kind.TEAM},
        OrgUnit.Kind.TEAM: set(),
    }[OrgUnit.Kind(above) if above else None]
    if kind not in allowed:
        raise Refused("wrong-level", _("A unit of this kind does not belong here."), field="kind")
    unit = OrgUnit(parent=parent, kind=kind, code=code, name=name)
    _well_formed(unit, exclude=["path"])
    unit.save()
    unit.path = f"{parent.path if parent else '/'}{unit.pk}/"
    unit.save(update_fields=["path"])
    if kind == OrgUnit.Kind.SITE:
        site = Site(unit=unit, code=code, name=name, address=address, phone=phone)
        _well_formed(site)
        site.save()
    _touch()
    record(unit, UNIT_ADDED, by=by, kind=kind, code=code, name=name)
    return unit


@service
def change_unit(
    unit: OrgUnit, *, name: str, address: str = "", phone: str = "", closed_on: date | None = None, by: Actor
) -> OrgUnit:
    """Rename a unit, change a site's address and phone, or close the unit from a day on."""
    _require_over(unit, "org.edit")
    old = {"name": unit.name, "closed_on": str(unit.closed_on or "")}
    unit.name, unit.closed_on = name, closed_on
    _well_formed(unit, exclude=["path"])
    unit.save(update_fields=["name", "closed_on"])
    Site.objects.filter(unit=unit).update(name=name, address=address, phone=phone)
    _touch()
    record(unit, UNIT_CHANGED, by=by, old=old, new={"name": name, "closed_on": str(closed_on or "")})
    return unit


@service(needs="org.edit")
def save_post(
    company: None,
    *,
    code: str,
    name: str,
    level: str,
    permissions: Sequence[str],
    reports_to: Post | None = None,
    deputy: Post | None = None,
    description: str = "",
    clause: str = "",
    source: Sequence[str] = (),
    origin: str = "",
    retired: bool = False,
    by: Actor,
) -> Post:
    """Make or change a post by its code.

    Refused when a permission does not exist.
    Nothing is written (and no event) when all values are already so: packs load twice unchanged.
    """
    unknown = sorted({p for p in permissions if not known(p)})
    if unknown:
        raise Refused(
            "unknown-permission",
            _("Unknown permission: %(names)s"),
            params={"names": ", ".join(unknown)},
            field="permissions",
        )
    post = Post.objects.filter(code=code).first() or Post(code=code)
    values: dict[str, Any] = {
        "name": name,
        "level": level,
        "permissions": sorted(set(permissions)),
        "reports_to": reports_to,
        "deputy": deputy,
        "description": description,
        "clause": clause,
        "source": list(source),
        "origin": origin,
        "retired": retired,
    }
    if post.pk and all(getattr(post, field) == value for field, value in values.items()):
        return post
    old = list(post.permissions)
    for field, value in values.items():
        setattr(post, field, value)
    _well_formed(post)
    post.save()
    _touch()
    record(post, POST_SAVED, by=by, code=code, name=name, old=old, new=values["permissions"])
    return post


@service(needs="org.edit")
def add_user(
    company: None,
    *,
    username: str,
    name: str,
    password: str = "",
    phone: str = "",
    email: str = "",
    by: Actor,
) -> User:
    """Add a person. Refused when the login name is taken or the password too weak."""
    user = User(username=username, name=name, pinyin=pinyin_of(name), phone=phone, email=email)
    _well_formed(user, exclude=["password"])
    _set_password(user, password)
    user.save()
    record(user, USER_ADDED, by=by, username=username, name=name)
    return user


def _set_password(user: User, password: str) -> None:
    if not password:
        user.set_unusable_password()
        return
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Refused(
            "weak-password", "%(text)s", params={"text": " ".join(error.messages)}, field="password"
        ) from error
    user.set_password(password)


@service(needs="org.edit")
def change_user(
    company: None,
    user: User,
    *,
    name: str,
    phone: str = "",
    email: str = "",
    is_active: bool = True,
    by: Actor,
) -> User:
    """Change a person's data or bar them from signing in (their history stays)."""
    old = {"name": user.name, "phone": user.phone, "email": user.email, "is_active": user.is_active}
    user.name, user.phone, user.email, user.is_active = name, phone, email, is_active
    user.pinyin = pinyin_of(name)
    _well_formed(user, exclude=["password"])
    user.save(update_fields=["name", "pinyin", "phone", "email", "is_active"])
    _touch()
    new = {"name": name, "phone": phone, "email": email, "is_active": is_active}
    record(user, USER_CHANGED, by=by, old=old, new=new)
    return user


@service(needs="org.edit")
def reset_password(company: None, user: User, *, password: str, by: Actor) -> User:
    """Give a person a new password. Refused when it is too weak."""
    _set_password(user, password)
    user.save(update_fields=["password"])
    record(user, PASSWORD_SET, by=by)
    return user


@service
def appoint(
    unit: OrgUnit,
    *,
    user: User,
    post: Post,
    starts_on: date | None = None,
    ends_on: date | None = None,
    by: Actor,
) -> Appointment:
    """Give a person a post at a unit for a period (local days, both included).

    Who administers the whole organisation appoints to every post; who administers a part of it hands
    out only rights held there. Refused otherwise, or when the same appointment stands.
    """
    _require_over(unit, "org.edit")
    scope = current()
    if not scope.everywhere and "org.edit" not in scope.company:
        for permission in post.permissions:
            _require_over(unit, permission)
    starts_on = starts_on or today()
    twin = Appointment.objects.filter(user=user, post=post, unit=unit)
    if any(
        a.ends_on is None or a.ends_on >= starts_on for a in twin.filter(starts_on__lte=ends_on or date.max)
    ):
        raise Refused("already-appointed", _("This person already holds this post here in that time."))
    appointment = Appointment(user=user, post=post, unit=unit, starts_on=starts_on, ends_on=ends_on)
    _well_formed(appointment)
    appointment.save()
    _touch()
    record(user, APPOINTED, by=by, post=post.code, unit=unit.code, starts_on=str(starts_on))
    return appointment


@service
def relieve(appointment: Appointment, *, ends_on: date | None = None, by: Actor) -> Appointment:
    """End an appointment on a day (today when none is given). Refused when that lies before its start."""
    _require_over(appointment.unit, "org.edit")
    appointment.ends_on = ends_on or today()
    _well_formed(appointment)
    appointment.save(update_fields=["ends_on"])
    _touch()
    record(
        appointment.user,
        RELIEVED,
        by=by,
        post=appointment.post.code,
        unit=appointment.unit.code,
        ends_on=str(appointment.ends_on),
    )
    return appointment


@service
def issue_token(user: User, *, name: str, expires_on: date | None = None, by: Actor) -> str:
    """Make an interface key for a user and return it; it is shown this once.

    Refused when neither the user themself nor an administrator asks.
    """
    if by.user_id != user.pk:
        current().require("org.edit", None)
    key = f"hy_{secrets.token_urlsafe(32)}"
    token = ApiToken(user=user, name=name, digest=digest_of(key), hint=key[3:9], expires_on=expires_on)
    token.save()
    record(user, TOKEN_ISSUED, by=by, name=name, hint=token.hint)
    return key


@service
def revoke_token(token: ApiToken, *, by: Actor) -> ApiToken:
    """Make an interface key useless from now on."""
    if by.user_id != token.user_id:
        current().require("org.edit", None)
    if token.revoked_at is None:
        token.revoked_at = now()
        token.save(update_fields=["revoked_at"])
        record(token.user, TOKEN_REVOKED, by=by, name=token.name, hint=token.hint)
    return token


def _own(user: User, by: Actor) -> None:
    """Refused (PermissionDenied) unless somebody acts on their own account or administers everybody's."""
    if by.user_id != user.pk:
        current().require("org.edit", None)


@service
def change_profile(user: User, *, name: str, phone: str = "", language: str = "", by: Actor) -> User:
    """Change one's own name, telephone number and screen language."""
    _own(user, by)
    old = {"name": user.name, "phone": user.phone, "language": user.language}
    new = {"name": name, "phone": phone, "language": language}
    if old == new:
        return user
    user.name, user.phone, user.language, user.pinyin = name, phone, language, pinyin_of(name)
    _well_formed(user, exclude=["password"])
    user.save(update_fields=["name", "pinyin", "phone", "language"])
    record(user, USER_CHANGED, by=by, old=old, new=new)
    return user


@service
def change_password(user: User, *, old: str, password: str, by: Actor) -> User:
    """Change one's own password; every other session of this person ends with it.

    Refused when the old one is wrong or the new one too weak.
    """
    if by.user_id != user.pk or not user.check_password(old):
        raise Refused("wrong-password", _("The present password is wrong."), field="old")
    _set_password(user, password)
    user.save(update_fields=["password"])
    record(user, PASSWORD_SET, by=by)
    return user


@service
def signed_in(user: User, *, address: str = "", by: Actor) -> None:
    """Note that somebody signed in, from which network address."""
    record(user, SIGNED_IN, by=by, address=address)


@service(needs="org.edit")
def unlock(company: None, user: User, *, by: Actor) -> User:
    """Let somebody try to sign in again at once after too many failures."""
    if forget_failures(username=user.username):
        record(user, UNLOCKED, by=by)
    return user


@service
def set_second_factor(user: User, *, secret: str, code: str, by: Actor) -> list[str]:
    """Ask this person for a one-time code at every sign-in from now on; returns the recovery codes.

    They are shown this once.

    Refused when the code does not fit the secret (the app was not set up, or the telephone's clock is
    off), or one is set up already: that must be turned off first.
    """
    if by.user_id != user.pk:
        raise Refused("not-yours", _("Only the person themself can set up a second factor."))
    if factor_of(user) is not None:
        raise Refused("already-set", _("A second factor is set up already."))
    step = matching_step(secret, code, now())
    if step is None:
        raise Refused(
            "wrong-code",
            _("This code does not fit. Check the clock of the telephone and try the next code."),
            field="code",
        )
    SecondFactor.objects.create(user=user, secret=seal(secret), last_step=step)
    record(user, FACTOR_SET, by=by)
    return _renew_codes(user)


def _renew_codes(user: User) -> list[str]:
    codes = new_recovery_codes()
    RecoveryCode.objects.filter(user=user).delete()
    RecoveryCode.objects.bulk_create(
        [RecoveryCode(user=user, digest=recovery_digest(code)) for code in codes]
    )
    return codes


@service
def renew_recovery_codes(user: User, *, by: Actor) -> list[str]:
    """Make new recovery codes (shown this once); the old ones stop working.

    Refused without a second factor.
    """
    if by.user_id != user.pk or factor_of(user) is None:
        raise Refused("no-second-factor", _("There is no second factor."))
    codes = _renew_codes(user)
    record(user, CODES_RENEWED, by=by)
    return codes


@service
def drop_second_factor(user: User, *, by: Actor) -> User:
    """Let somebody sign in with the password alone again.

    Refused for others than themself and administrators.
    """
    _own(user, by)
    deleted, _rows = SecondFactor.objects.filter(user=user).delete()
    RecoveryCode.objects.filter(user=user).delete()
    if deleted:
        record(user, FACTOR_DROPPED, by=by)
    return user


@service(needs="org.edit")
def reseal_second_factors(company: None, *, by: Actor) -> int:
    """Seal secrets of second factors under the present key that still stand under an older one; how many.

    After that the old key may be taken out of FIELD_KEY. What no installed key opens stays as it is.
    """
    rows = []
    for factor in SecondFactor.objects.select_for_update().order_by("pk"):
        secret = resealed(factor.secret)
        if secret is not None:
            factor.secret = secret
            rows.append(factor)
    SecondFactor.objects.bulk_update(rows, ["secret"], batch_size=500)
    return len(rows)


@service
def pass_second_factor(user: User, *, code: str, by: Actor) -> None:
    """Accept a one-time code or a recovery code, each at most once. Refused when it is neither."""
    factor = factor_of(user)
    secret = unseal(factor.secret) if factor is not None else None
    step = matching_step(secret, code, now()) if secret is not None else None
    if step is not None and SecondFactor.objects.filter(user=user, last_step__lt=step).update(last_step=step):
        return
    if RecoveryCode.objects.filter(user=user, used_at=None, digest=recovery_digest(code)).update(
        used_at=now()
    ):
        record(user, CODE_USED, by=by)
        return
    raise Refused("wrong-code", _("This code is wrong or was already used."), field="code")


@service
def save_view(
    user: User,
    *,
    path: str,
    name: str,
    query: str,
    is_shared: bool = False,
    site: Site | None = None,
    by: Actor,
) -> SavedView:
    """Keep a list's filters, order and columns under a name; the same name replaces.

    Refused when the address is none of ours, or when one shares (with a site, or without one with
    everybody) what one does not administer.
    """
    if by.user_id != user.pk:
        raise Refused("not-yours", _("One saves views for oneself."))
    if not path.startswith("/") or path.startswith("//"):
        raise Refused("foreign-address", _("This address is not a list of ours."))
    if is_shared:
        current().require("org.edit", site.pk if site is not None else None)
    view = SavedView.objects.filter(user=user, path=path, name=name).first() or SavedView(
        user=user, path=path, name=name
    )
    view.query, view.is_shared, view.site = query, is_shared, site if is_shared else None
    _well_formed(view)
    view.save()
    return view


@service
def delete_view(view: SavedView, *, by: Actor) -> None:
    """Forget a saved view. Refused for others' views, unless one administers where they are shared."""
    if by.user_id != view.user_id:
        current().require("org.edit", view.site_id)
    view.delete()
