"""Search tokens: one tokeniser for SQLite FTS5 (`unicode61`) and PostgreSQL (`'simple'`).

Chinese text is cut into overlapping pairs of characters, and the last character of a run also stands
alone. So every character begins exactly one token, a phrase of tokens is found exactly where its
characters stand side by side, and one character is found as the beginning of a token.
Latin letters and digits form whole words in lower case. Traditional characters stay as they are.

Both databases cut text into words by rules of their own, and these rules differ with version and locale.
Therefore tokens hold only ASCII letters, digits and common Chinese characters; any other letter is
written as its code point. Five Greek letters, which cannot occur otherwise, mark special tokens.

Index `document_tokens(text)`, `pinyin.name_tokens(name)` and `phone_tokens(number)` joined by spaces.
PostgreSQL finds phrases only in the first 16,383 tokens of a document.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

PHONE = "\u03c6"
PINYIN = "\u03c0"
CODED = "\u03c7"
KIND = "\u03ba"
SITE = "\u03c3"
PREFIX = "*"
NOTHING = '""'

MAX_QUERY = 256
MAX_PHRASES = 16
MAX_WORD = 64
MIN_TAIL = 4
MIN_PINYIN = 2
MIN_SPLIT_PHONE = 7
MAX_PHONE = 15

Phrase = list[str]
_Writer = Callable[[Phrase], str]

# Scripts written without spaces: Han with radicals and signs such as 々 and 〇, kana, bopomofo, Hangul.
CJK = (
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3038-\u303b\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff"
    "\u3105-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff"
    "\U00020000-\U0003fffd"
)
_RUN = re.compile(f"([{CJK}]+)|([^\\W_{CJK}]+)")
# Known to every SQLite and every PostgreSQL locale as letters; all else is written as a code.
_UNUSUAL = re.compile("[^0-9a-z\u3400-\u4db5\u4e00-\u9fa5]")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef]")
_ACCENTED = re.compile("[\u00c0-\u058f\u1e00-\u1fff]")
_ACCENT = re.compile("[\u0300-\u036f]")
_JOINED = re.compile(r"[-./#@_+&':()\u2010-\u2015]*")
_PHONE_LIKE = re.compile(r"\+?[\d\s().\u2010-\u2015-]+")
_LATIN_WORD = re.compile(r"[a-z][a-z0-9]*")
_CHINA_MOBILE = re.compile(r"(?:00)?86(1[3-9]\d{9})")
_CHINA_LAND = re.compile(r"(?:00)?86(10\d{8}|[2-9]\d{8,10})")


def fold(text: str) -> str:
    """Bring spellings together: full width to half width, lower case, no accents, no invisible characters."""
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKC", text).casefold()
    if _ACCENTED.search(folded) or _ACCENT.search(folded):
        folded = unicodedata.normalize("NFC", _ACCENT.sub("", unicodedata.normalize("NFD", folded)))
    return _INVISIBLE.sub("", folded)


def document_tokens(text: str) -> str:
    """The tokens of a text in order, separated by spaces, ready for the index of either database."""
    tokens: list[str] = []
    for chinese, word in _RUN.findall(fold(text)):
        if chinese:
            tokens += _pairs(chinese)
        else:
            tokens.append(_word(word))
    return " ".join(tokens)


def query_tokens(text: str) -> list[Phrase]:
    """The phrases of a query, all of which must be found.

    Spaces and punctuation separate phrases; signs inside a number or a name (`3-2-501`, `a.b`) do not.
    A token ending in `PREFIX` stands for every token that begins so; it is always the last of its phrase.
    Of a long query only the first 256 characters and 16 phrases count.
    """
    return _phrases(fold(text)[:MAX_QUERY])


def fts5_match(query: str) -> str:
    """The right-hand side of `MATCH` for an FTS5 table. Always valid; finds nothing if nothing was asked.

    A number of four digits or more also finds phone numbers ending so, a Latin word also finds names by
    pinyin or initials.
    """
    return _expression(query, _fts5_phrase, " AND ", " OR ") or NOTHING


def tsquery(query: str) -> str:
    """The argument of `to_tsquery('simple', …)`. Always valid; empty, finding nothing, if nothing was asked.

    Finds what `fts5_match` finds.
    """
    return _expression(query, _tsquery_phrase, " & ", " | ")


def phone_tokens(number: str) -> str:
    """One token that finds a phone number by its last four or more digits, or by all of them.

    It holds the digits backwards, because both databases find beginnings of tokens. An extension
    (after `转`, `x`, `;` or `,`) is left out, the country code of China is dropped.
    """
    digits = _ascii_digits(re.split(r"[\u8f6cex;,]", fold(number), maxsplit=1)[0])
    return PHONE + _national(digits)[::-1] if digits else ""


def kind_token(kind: str) -> str:
    """The token that every entry of a table (`cases.case`) has."""
    return KIND + "".join(filter(str.isalnum, kind.lower()))


def site_token(site_id: int) -> str:
    """The token that every entry of a site has."""
    return f"{SITE}{site_id}"


def _pairs(run: str) -> list[str]:
    if not _UNUSUAL.search(run):
        return [run[at : at + 2] for at in range(len(run))]
    signs = [_coded(sign) for sign in run]
    return ["".join(signs[at : at + 2]) for at in range(len(signs))]


def _word(run: str) -> str:
    if run.isascii():
        return run[:MAX_WORD]
    return "".join(_coded(sign) for sign in run[:MAX_WORD])


def _coded(sign: str) -> str:
    return f"{CODED}{ord(sign):06x}" if _UNUSUAL.match(sign) else sign


def _phrases(folded: str) -> list[Phrase]:
    groups: list[list[tuple[str, str]]] = []
    end = -1
    for match in _RUN.finditer(folded):
        if end < 0 or not _JOINED.fullmatch(folded, end, match.start()):
            groups.append([])
        groups[-1].append((match[1] or "", match[2] or ""))
        end = match.end()
    return [_phrase(group) for group in groups[:MAX_PHRASES]]


def _phrase(runs: list[tuple[str, str]]) -> Phrase:
    tokens: Phrase = []
    for chinese, word in runs:
        tokens += _pairs(chinese) if chinese else [_word(word)]
    # The text may go on behind the last character asked for, so it is no whole token.
    last = runs[-1][0]
    if len(last) == 1:
        tokens[-1] += PREFIX
    elif last:
        tokens.pop()
    return tokens


def _alternatives(phrase: Phrase) -> list[Phrase]:
    if len(phrase) == 1 and len(phrase[0]) >= MIN_PINYIN and _LATIN_WORD.fullmatch(phrase[0]):
        return [phrase, [PINYIN + phrase[0] + PREFIX]]
    if all(map(_is_number, phrase)):
        digits = "".join(phrase)
        if len(digits) >= (MIN_TAIL if len(phrase) == 1 else MIN_SPLIT_PHONE):
            return [phrase, *_phone_tail(digits)]
    return [phrase]


def _phone_tail(digits: str) -> list[Phrase]:
    return [[PHONE + _national(digits)[::-1] + PREFIX]] if len(digits) <= MAX_PHONE else []


def _national(digits: str) -> str:
    if mobile := _CHINA_MOBILE.fullmatch(digits):
        return mobile[1]
    if land := _CHINA_LAND.fullmatch(digits):
        return "0" + land[1]
    return digits


def _is_number(token: str) -> bool:
    return token.isascii() and token.isdigit()


def _ascii_digits(text: str) -> str:
    return "".join(filter(_is_number, text))


def _expression(query: str, write: _Writer, conjunction: str, alternative: str) -> str:
    folded = fold(query)[:MAX_QUERY]
    phrases = _phrases(folded)
    clauses: list[str] = []
    for phrase in phrases:
        written = [write(choice) for choice in _alternatives(phrase)]
        clauses.append(written[0] if len(written) == 1 else f"({alternative.join(written)})")
    wanted = conjunction.join(clauses)
    if len(phrases) > 1 and _PHONE_LIKE.fullmatch(folded.strip()):
        digits = _ascii_digits(folded)
        tails = _phone_tail(digits) if len(digits) >= MIN_SPLIT_PHONE else []
        wanted = alternative.join([f"({wanted})", *map(write, tails)])
    return wanted


def _fts5_phrase(phrase: Phrase) -> str:
    words = " ".join(phrase)
    if words.endswith(PREFIX):
        return f'"{words.removesuffix(PREFIX)}" {PREFIX}'
    return f'"{words}"'


def _tsquery_phrase(phrase: Phrase) -> str:
    words = [
        f"{token.removesuffix(PREFIX)}:{PREFIX}" if token.endswith(PREFIX) else token for token in phrase
    ]
    return f"({' <-> '.join(words)})"
