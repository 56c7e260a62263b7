"""The tests mirror src/trailwarden; contract/, property/, crash/ and e2e/ stand beside."""
