"""Which demands of the handbooks are kept: by what, proved by which test, with which figure this month.

Words: *requirement* (one clause of a handbook, a row of `docs/requirements/seed-*.tsv`), *proof* (the test
that exercises every entry of a pack section), *feature* (named working of the product with its tests),
*gap* (why a requirement is not kept yet).
"""
