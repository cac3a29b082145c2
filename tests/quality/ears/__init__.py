"""`make quality PARTS=ears`: how well listeners hear faults of takes."""
