"""What every part is built with: reach, services, refusals, time, tables, views, the page shell.

Words: *scope* (who acts, and in which sites), *service* (a write: one transaction, one actor),
*refusal* (a business rule said no, in the user's language), *moment* (the one source of "now"),
*permission* (a named right that posts hold).
"""
