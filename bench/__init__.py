"""Measures Trailwarden against what one would write first, and against what the machine allows at most.

Keeps: every speed is a ratio of contestants that ran in turns over the same bytes in the same run, and that are
checked to have found the same number of matches.

Next: `bench.figures` for the table of figures, `bench.corpus` for what they run over, docs/bench.md for what
they mean.
"""
