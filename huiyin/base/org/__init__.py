"""Who works here, where, and what they may do.

Words: *unit* (company, branch, site, team: one tree), *site* (the key everything is cut by),
*post* (a job of the handbook with its permissions), *appointment* (a person holds a post at a unit
for a period), *reach* (the sites under the units where somebody is appointed).

Commands: see `services`. Events: `org.*`.
"""
