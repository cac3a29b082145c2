"""`python -m tests.quality.ears`: how well listeners hear faults of takes, and what choosing among takes by ear brings."""
