"""What is asked for, looked up and checked, and what exists of it. Starts without Prefect and knows nothing of it."""
