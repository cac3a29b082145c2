"""What will be spoken and what is skipped, as plain data, and how two plans differ. Knows nothing of rendering."""
