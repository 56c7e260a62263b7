"""The one place where things are put together: settings in, a running service out.

Next: `service.py` for the parts and their order, `checks.py` for what health says of them.
"""
