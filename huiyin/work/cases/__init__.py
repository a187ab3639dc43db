"""Cases: something a customer or the staff wants settled, from the first word to the last.

Words: *case* (事项), *contact* (one touch on any channel), *category*, *responsible person*
(exactly one, or a team whose lead answers for it), *answer* (what the customer was told),
*incident* (one cause behind many cases).

Commands: register, change, assign, begin, wait, resume, answer, close, decline, cancel, reopen,
merge, unmerge, log_contact, open_incident, attach, detach, answer_incident. Events: `cases.*`.
"""
