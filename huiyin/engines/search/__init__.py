"""Finding anything by what people say: words, names by pinyin, phone tails, addresses.

Words: *entry* (what is kept of a thing so that it can be found), *document* (what a thing says of
itself), *tokens* (its text as both databases index it). Same tokeniser, same result on SQLite
(FTS5) and PostgreSQL (tsvector).
"""
