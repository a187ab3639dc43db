"""Reports that write themselves: of a day, week, month, quarter or year at a site; and the evidence of a case.

Words: *report* (one edition over one period), *draft* (its figures follow the records), *issued* (frozen: figures
and records stay as they were), *edition* (an issued report is never changed; a mistake is mended by the next
edition), *part* (key figures, late ones, categories, incidents, people), *evidence* (what proves a case's history).

Commands: draft, write, issue, reissue. Events: reports.drafted, .written, .issued, .superseded. Which report has
which parts, who is told and until when it is due stands in the pack section `reports`.
"""
