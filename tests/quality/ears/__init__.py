"""`make quality PARTS=ears`: how well listeners hear faults of takes, and what choosing among takes by ear brings."""
