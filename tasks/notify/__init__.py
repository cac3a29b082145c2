"""Messages to people, by mail, chat or whatever Apprise knows. Knows nothing of what happened."""
