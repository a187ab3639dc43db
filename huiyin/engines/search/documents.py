"""What a thing says of itself, and the tokens made of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from .pinyin import name_tokens
from .text import document_tokens, kind_token, phone_tokens, site_token


@dataclass(frozen=True, slots=True)
class Document:
    """What can be found of a thing.

    `codes` are numbers and addresses in all the spellings people use; `names` are found by pinyin
    and initials too, `phones` by their tails.
    """

    title: str
    at: datetime
    subtitle: str = ""
    text: str = ""
    codes: Iterable[str] = field(default_factory=tuple)
    names: Iterable[str] = field(default_factory=tuple)
    phones: Iterable[str] = field(default_factory=tuple)

    def tokens(self) -> str:
        """All tokens, ready for the index."""
        parts = [document_tokens(self.title), document_tokens(self.subtitle), document_tokens(self.text)]
        parts += [document_tokens(code) for code in self.codes if code]
        for name in self.names:
            if name:
                parts += [document_tokens(name), name_tokens(name)]
        parts += [phone_tokens(phone) for phone in self.phones if phone]
        return " ".join(part for part in parts if part)


def all_tokens(document: Document, kind: str, site_id: int) -> str:
    """What an entry of a table at a site is found by: its own words, its table, its site."""
    return f"{document.tokens()} {kind_token(kind)} {site_token(site_id)}"
