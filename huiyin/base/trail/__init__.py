"""The trail: everything that happens is one event, written in the transaction that did it.

Words: *event* (what happened, to what, by whom), *verb* (`app.participle`), *listener* (runs
inside the transaction, e.g. clocks), *reaction* (runs after the commit, kept as a *delivery*
until it is done).

History is append-only. Whoever wants to know calls `selectors`; whoever wants to act on others'
events declares a reaction with `on`.
"""
