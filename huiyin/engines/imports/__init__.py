"""Files of others become rows of ours: read, checked cell by cell, tried, then taken in.

Words: *layout* (a known kind of sheet), *preset* (a layout with what is made of its rows),
*run* (one file taken in, or tried), *outcome* of a row: created, unchanged or rejected.
The same file twice changes nothing; no row is dropped without a word.
"""
