"""Real servers for the tests, started where they can be had: one of each for a test run."""
