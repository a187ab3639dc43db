"""Numbers people read: per site, series and period; no number twice, and no gap.

The next number is taken inside the caller's transaction: a rollback gives it back, and two takers
wait for each other, so a series has neither gap nor double.
"""
