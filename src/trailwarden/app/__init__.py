"""The one place where things are put together: settings in, a running service out.

Next: `service.py` for the parts and their order, `checks.py` for what health says of them.
"""

from trailwarden.app.quarantine_retry import RetryOutcome, retry_quarantine
from trailwarden.app.service import Service, serve

__all__ = ["RetryOutcome", "Service", "retry_quarantine", "serve"]
