"""`make demo`: the real service over a bundled sample of real log files, and a webhook receiver that shows what arrives."""
