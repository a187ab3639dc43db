"""The figures of a site: what came in, what was in time, what is open, late, and whose.

Words: *indicator* (a count or a ratio), *breakdown* (a record set cut into parts), *record set*
(the records behind a figure; its size is the figure). Declared by the apps in their
`indicators.py`, collected here.
"""
