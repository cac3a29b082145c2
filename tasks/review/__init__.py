"""What people need in order to judge a book by ear. Must not know which step comes next."""
