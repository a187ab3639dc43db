"""State machines: a table of moves per kind of thing, and one way to make a move.

Words: *state* (where a thing stands), *move* (a named step from some states to one), *guard*
(a check that may refuse the move).
"""
