"""Where handbooks contradict each other: one answer is in force, another site may choose another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from huiyin.base.kit.scope import Scope
from huiyin.base.org.models import Site
from huiyin.base.org.services import add_unit
from huiyin.engines.packs.problems import PackErrors
from huiyin.engines.packs.selectors import entries
from huiyin.engines.packs.services import load

Write = Callable[..., Path]
QUESTION = (
    "- {{code: greeting, name: {{zh: 怎样问候}}, options: [{{code: plain, name: {{zh: 平}}}}, "
    "{{code: warm, name: {{zh: 热}}}}], choice: {choice}, clause: 一, source: [001-045]}}\n"
)
PHRASES = """\
- {code: a, moment: welcome, text: {zh: 您好}, variant: greeting/plain, source: [001-045]}
- {code: b, moment: welcome, text: {zh: 您好呀}, variant: greeting/warm, source: [001-045]}
- {code: c, moment: welcome, text: {zh: 再见}, source: [001-048]}
"""
LOCAL = 'code: local\nname: {zh: 本站}\nlayer: site\nversion: "1"\nsite: yunhe\n'


@pytest.fixture
def site(db: None, scope: Scope) -> Iterator[Site]:
    company = add_unit(None, kind="company", code="hq", name="总部", by=scope.actor)
    add_unit(company, kind="site", code="yunhe", name="云河苑", by=scope.actor)
    yield Site.objects.get()


def codes(site: Site | None = None) -> list[str]:
    return [item.code for item in entries("phrases", site)]


def test_the_answer_chosen_is_in_force_and_a_site_may_choose_another(
    write_pack: Write, scope: Scope, site: Site
) -> None:
    load([write_pack("common", phrases=PHRASES, variants=QUESTION.format(choice="plain"))], by=scope.actor)
    assert codes() == codes(site) == ["a", "c"]
    load([write_pack("local", {"pack.yaml": LOCAL}, variants=QUESTION.format(choice="warm"))], by=scope.actor)
    assert codes() == ["a", "c"]
    assert codes(site) == ["b", "c"]


@pytest.mark.parametrize(
    ("phrases", "choice", "said"),
    [
        (PHRASES, "hot", "There is no answer hot."),
        (PHRASES.replace("greeting/warm", "greeting/hot"), "plain", "There is no variant greeting/hot."),
        (PHRASES.replace("greeting/warm", "parting/warm"), "plain", "There is no variant parting/warm."),
        (PHRASES.replace("greeting/warm", "warm"), "plain", "variant"),
    ],
)
def test_an_answer_that_nobody_offers_is_a_mistake(
    write_pack: Write, scope: Scope, site: Site, phrases: str, choice: str, said: str
) -> None:
    with pytest.raises(PackErrors) as caught:
        load([write_pack("common", phrases=phrases, variants=QUESTION.format(choice=choice))], by=scope.actor)
    told = [str(problem) for problem in caught.value.problems]
    assert any(said in one for one in told), told
    assert entries("phrases") == ()
