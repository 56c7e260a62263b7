"""Access to AWS: settings, sessions with assumed roles, and what a failed call means. No decision about CloudTrail here.

Read `settings.py`, then `session.py` and `failures.py`.
"""
