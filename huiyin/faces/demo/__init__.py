"""The demo company: two sites with their people, a month of history, and the next hour still happening.

Words: *story* (something people call about, see `data/stories.yaml`), *feed* (the job that keeps
the centre alive while one watches). Everything is written through the services, under a moved
clock where it lies in the past.
"""
