"""`python -m tests.quality.ears`: how well listeners hear faults of takes."""
