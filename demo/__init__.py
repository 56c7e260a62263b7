"""`make demo`: the real service beside an emulated AWS with a trail, over real log files, and a receiver that shows alerts."""
