"""Clocks: promises with a due time, on anything that has a life in the trail.

A *clock* runs for a *subject* under a *rule* (pack section `limits`) from a start to a *due* moment; its
*verdict* — kept or late — is frozen when it stops. `registry.watch` lets a table carry clocks; its events
start and stop them (`reactions`), the *ticker* (`jobs`) warns and finds breaches.

Services: start, stop, cancel, extend, hand_over. Events: `clocks.warned`, `clocks.breached`, `clocks.stopped`
(late), `clocks.extended`.
"""
