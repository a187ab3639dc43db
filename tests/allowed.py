"""What the house rules allow all the same, each with its reason. An exception nothing needs any more fails."""

TABLE = "a table of the language, not words for the screen"

DOORS: dict[str, str] = {
    "huiyin.base.trail.registry": "declares verbs, listeners and reactions",
    "huiyin.base.org.pages": "the site that a page is about",
    "huiyin.engines.flow.machine": "the transition table every states.py is made of",
    "huiyin.engines.approvals.durations": "pure functions on moments",
    "huiyin.engines.approvals.registry": "says what takes effect when the last has signed",
    "huiyin.engines.approvals.words": "approvals told in words; reads only",
    "huiyin.engines.clocks.timing": "the calendar that a site's limits are counted in",
    "huiyin.engines.clocks.registry": "says which events clocks listen to",
    "huiyin.engines.clocks.rules": "the rule that would apply, read from memory",
    "huiyin.engines.clocks.words": "a limit in words",
    "huiyin.engines.fields": "pure functions on numbers, names and amounts",
    "huiyin.engines.files.forms": "the field of any form that takes files",
    "huiyin.engines.files.receiving": "takes an uploaded file in before the transaction",
    "huiyin.engines.files.registry": "says which records have files",
    "huiyin.engines.files.signatures": "what a file picker offers",
    "huiyin.engines.imports": "reads files of any make; holds no rows",
    "huiyin.engines.packs.problems": "how a mistake in a pack is told",
    "huiyin.engines.packs.registry": "declares the sections of packs",
    "huiyin.engines.search.address": "reads an address as people write it",
    "huiyin.engines.search.documents": "says what a row is found by",
    "huiyin.engines.search.text": "folds a text for comparing",
    "huiyin.records.customers.holdings": "services, continued",
    "huiyin.records.places.addresses": "pure functions on addresses",
    "huiyin.records.places.importing": "who imports people imports the rooms they live in",
    "huiyin.records.places.numbers": "pure functions on plates and vehicle numbers",
    "huiyin.insight.indicators.held": "figures beside their targets; reads only",
    "huiyin.work.cases.tables": "the list of cases, which every figure opens",
    "huiyin.work.cases.filters": "fields of filters that the list of events shares",
    "huiyin.work.cases.joining": "services, continued",
    "huiyin.work.cases.templatetags": "how a case is shown wherever it is named",
    "huiyin.work.cases.timeline": "history told in words; reads only",
}
"""Modules that other apps may import besides models, services and selectors."""

EXCEPTIONS: dict[tuple[str, str], str] = {
    ("own-clock", "huiyin/base/kit/moment.py"): "this is the clock",
    ("service-shape", "huiyin/base/kit/service.py"): "this is the decorator itself",
    (
        "round-the-scope",
        "huiyin/base/kit/statements.py",
    ): "runs what inserting and fetching have written, who check the reach of every row",
    (
        "no-service",
        "huiyin/engines/packs/services.py: load ",
    ): "tries again around the transaction of `activate`",
    ("no-service", "huiyin/records/places/importing.py"): "steps that several import commands share",
    (
        "model-signal",
        "huiyin/engines/packs/pack.py",
    ): "not about a row: the whole database was made or emptied",
    ("private-import", "huiyin/insight/coverage/shipped.py"): "reads packs as files, without a database",
    (
        "private-import",
        "huiyin/insight/coverage/management/",
    ): "takes the same packs as the command that loads",
    ("round-the-scope", "huiyin/faces/demo/bulk.py"): "generated volumes only, past services on purpose",
    ("foreign-row", "huiyin/faces/demo/estates.py"): "a draft to seal a number with; it is never saved",
    ("foreign-row", "huiyin/faces/demo/world.py"): "one known password for all of the demo, hashed once",
    ("private-import", "huiyin/faces/demo/"): "plays every part of the house at a moved clock",
    ("chinese-in-code", "huiyin/faces/demo/"): "the words of an invented company",
    ("chinese-in-code", "huiyin/base/org/context.py"): "languages are offered by their own names",
    ("chinese-in-code", "huiyin/base/org/models.py"): "languages are offered by their own names",
    ("chinese-in-code", "huiyin/engines/fields/identity.py"): "the letters of licence plates",
    ("chinese-in-code", "huiyin/engines/fields/money.py"): "amounts in capitals",
    ("chinese-in-code", "huiyin/engines/fields/phones.py"): TABLE,
    ("chinese-in-code", "huiyin/engines/imports/columns.py"): TABLE,
    ("chinese-in-code", "huiyin/engines/imports/dates.py"): TABLE,
    ("chinese-in-code", "huiyin/engines/imports/layouts.py"): "the headings of files as they are",
    ("chinese-in-code", "huiyin/engines/search/"): TABLE,
    ("chinese-in-code", "huiyin/records/places/addresses.py"): "how places are named, by language",
}
"""(rule, path) or (rule, path: words of the message) → the reason."""

ALLOWED = {("private-import", f"*: {door}"): reason for door, reason in DOORS.items()} | EXCEPTIONS

OPEN_TO_ALL: dict[str, str] = {
    "account:login": "signing in",
    "account:second-step": "signing in; knows the person by the half-open session",
    "account:logout": "leaving",
    "account:language": "chooses words, shows nothing",
}
"""Addresses without a right, by name."""

PAIRS: dict[str, str] = {
    "cases:new": "what is done at once with a new case asks for the right of each command",
    "org:person-factor": "one may drop one's own; for others the command asks for org.edit",
    "files:upload": "the right is the one that the kind of record names",
    "files:remove": "the right is the one that the kind of record names",
}
"""Forms whose right is not simply that of their command."""

SHARED: dict[str, str] = {
    "org:post": "posts are those of the whole organisation",
    "org:post-change": "posts are those of the whole organisation",
}
"""Addresses of things that belong to no site, so that people of other sites may see them."""

DECORATIVE: dict[str, set[str]] = {
    "files:download": {"name"},  # there for whoever saves the file
    "reports:records": {"part"},
    "indicators:records": {"part"},  # a part that holds nothing is an empty list
}
"""Keywords of addresses that name no row."""

OPEN_OPERATIONS: dict[str, str] = {
    "GET /api/v1/duty": "the duty rosters of the sites in one's own reach",
    "GET /api/v1/me": "whom the key acts as",
    "GET /api/v1/sites": "the sites in one's own reach",
}
"""Operations that need a key but no right."""

VOLATILE: dict[str, str] = {
    "account:factor": "a fresh secret each time",
}
"""Pages that are never the same twice."""
