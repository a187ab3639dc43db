"""Messages to people. Today: notes to staff inside the system; one outbox for all channels follows.

Words: *notice* (something a member of staff should know, with the page it is about).
"""
