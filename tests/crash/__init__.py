"""kill -9 at random points: nothing lost, nothing under two ids. `make crash ROUNDS=n`, and a few rounds in the test run."""
