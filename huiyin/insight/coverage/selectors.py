"""Reckoning: which requirements are kept, by what, proved by which test; which are open, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from huiyin.engines.packs.registry import LAYERS, Item

from .claims import Claims, Feature, Gap, Proof, stands
from .requirements import Requirement

Stands = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one requirement: the entry or feature that keeps it and the test, or the gap."""

    requirement: Requirement
    item: Item | None = None
    feature: Feature | None = None
    test: str = ""
    gap: Gap | None = None

    @property
    def kept(self) -> bool:
        """Whether something stands behind it that a test exercises."""
        return bool(self.test)

    @property
    def by(self) -> str:
        """What keeps it, in one line."""
        if self.item is not None:
            return f"{self.item.file}:{self.item.line} {self.item.section}/{self.item.code}"
        return f"{self.feature.code}: {self.feature.name}" if self.feature is not None else ""

    @property
    def why(self) -> str:
        """Why it is open, where somebody said so."""
        return str(self.gap.reason) if self.gap is not None else ""

    def data(self) -> dict[str, str]:
        """As JSON data."""
        if self.kept:
            return {"state": "kept", "by": self.by, "test": self.test}
        return {"state": "open", "why": self.why}


def proved(
    items: Iterable[Item], claims: Claims, known: Stands = stands
) -> dict[str, list[tuple[Item, str]]]:
    """By requirement id, the entries that name it in a section whose every entry a test exercises."""
    proofs = {proof.section: proof for proof in claims.proofs if known(proof.test)}
    found: dict[str, list[tuple[Item, str]]] = {}
    for item in items:
        proof = proofs.get(item.section)
        if proof is not None and not item.disabled:
            for code in item.value.source:
                found.setdefault(code, []).append((item, proof.test))
    return found


def reckon(
    wanted: Sequence[Requirement], items: Iterable[Item], claims: Claims, known: Stands = stands
) -> list[Verdict]:
    """The verdict on each requirement.

    What is listed as open is open, whatever claims it. Of several entries that of the latest layer is named, and
    of these the one that names the fewest requirements.
    """
    listed = {code: gap for gap in claims.gaps for code in gap.ids}
    features = {
        code: one for one in reversed(claims.features) if all(map(known, one.tests)) for code in one.ids
    }
    proofs = {proof.section: proof for proof in claims.proofs}
    entries = proved(items, claims, known)
    verdicts = []
    for one in wanted:
        found = [
            (item, test) for item, test in entries.get(one.id, ()) if _within(one, item, proofs[item.section])
        ]
        if one.id in listed:
            verdicts.append(Verdict(one, gap=listed[one.id]))
        elif found:
            item, test = max(found, key=_closeness)
            verdicts.append(Verdict(one, item=item, test=test))
        elif one.id in features:
            verdicts.append(Verdict(one, feature=features[one.id], test=features[one.id].tests[0]))
        else:
            verdicts.append(Verdict(one, gap=_group(one, claims.gaps)))
    return verdicts


def _within(one: Requirement, item: Item, proof: Proof) -> bool:
    """Whether an entry can keep it: of a kind its section is for; a trade's pack speaks for its own trade alone."""
    if item.layer == "industry" and item.pack != one.organisation:
        return False
    return one.kind in proof.kinds or one.id in proof.also


def _closeness(found: tuple[Item, str]) -> tuple[int, int]:
    item = found[0]
    return LAYERS.index(item.layer), -len(item.value.source)


def _group(one: Requirement, gaps: Sequence[Gap]) -> Gap | None:
    """The first gap said of its organisation, capability and kind together."""
    for gap in gaps:
        if (gap.organisation or gap.capability or gap.kind) and (
            gap.organisation in ("", one.organisation)
            and (not gap.capability or one.capability in gap.capability)
            and (not gap.kind or one.kind in gap.kind)
        ):
            return gap
    return None


def mistakes(
    wanted: Sequence[Requirement], items: Sequence[Item], claims: Claims, known: Stands = stands
) -> list[str]:
    """What contradicts in the claims: unknown ids and tests, what is claimed and said to be missing."""
    ids = {one.id for one in wanted}
    found = [
        f"{proof.section}: there is no test {proof.test}" for proof in claims.proofs if not known(proof.test)
    ]
    listed: dict[str, Gap] = {}
    for gap in claims.gaps:
        for code in gap.ids:
            if code in listed:
                found.append(f"{gap.code}: {code} is already listed in {listed[code].code}")
            listed[code] = gap
    claimed = [(one.code, code) for one in claims.features for code in one.ids]
    for name, code in [*claimed, *((gap.code, code) for code, gap in listed.items())]:
        if code not in ids:
            found.append(f"{name}: there is no requirement {code}")
    for feature in claims.features:
        found += [f"{feature.code}: there is no test {test}" for test in feature.tests if not known(test)]
    for name, code in claimed:
        if code in listed:
            found.append(f"{name}: {code} is claimed and listed as open in {listed[code].code}")
    by_id = {one.id: one for one in wanted}
    proofs = {proof.section: proof for proof in claims.proofs}
    for code, named in proved(items, claims, known).items():
        inside = [
            item
            for item, _test in named
            if code in by_id and _within(by_id[code], item, proofs[item.section])
        ]
        if inside and code in listed and not listed[code].partly:
            found.append(f"{inside[0].code}: {code} is named and listed as open in {listed[code].code}")
        elif code not in ids:
            found.append(f"{named[0][0].code}: there is no requirement {code}")
    return found
