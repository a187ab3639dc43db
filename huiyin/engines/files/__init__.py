"""Files that belong to records: photographs, recordings, letters, spreadsheets.

Words: *attachment* (a file of one record), *owner* (the record), *kind* (what a file is, decided by
its content), *store* (where contents lie, named by their digest), *thumbnail*.
Commands: attach, remove. Events: files.attached, files.removed.
Who reaches the owner reaches its files, and nobody else: see `registry`.
"""
