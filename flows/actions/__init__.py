"""What speaks or looks without a run, one module per command of the same name. Starts without Prefect and knows nothing
of options or exit codes."""
