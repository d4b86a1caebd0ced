"""The workbook, the page and the terminal texts, all read from the published marts.

No module here computes a figure: it selects rows, rounds them for the eye and finds words.
"""
