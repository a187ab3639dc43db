"""What templates need to show approvals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.safestring import SafeString

from huiyin.base.kit.templatetags.kit import badge
from huiyin.engines.approvals import tables, words
from huiyin.engines.approvals.models import Approval, Signature, Step

register = template.Library()


@register.simple_tag
def approval_badge(approval: Approval) -> SafeString:
    """The state in a word."""
    return tables.state_badge(approval)


@register.simple_tag
def step_badge(step: Step) -> SafeString:
    """The state of a step in a word."""
    return badge(step.get_state_display(), words.STEP_TONES[Step.State(step.state)])


@register.filter
def step_tone(step: Step) -> str:
    """The tone of a step."""
    return words.STEP_TONES[Step.State(step.state)]


@register.filter
def step_words(step: Step) -> str:
    """Whose signature a step takes."""
    return words.step_name(step)


@register.filter
def remark_words(remark: Mapping[str, Any]) -> str:
    """Why somebody else signs, or nobody needs to."""
    return words.remark(remark)


@register.filter
def signer_words(signature: Signature) -> str:
    """Who signed, and for whom."""
    return words.signer_words(signature)


@register.filter
def evidence_words(signature: Signature) -> str:
    """How a customer's word came."""
    return words.evidence_words(signature)


@register.filter
def approval_kind(approval: Approval) -> str:
    """What is asked for."""
    return words.kind_label(approval)
