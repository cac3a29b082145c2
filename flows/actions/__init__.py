"""What speaks or looks without a run, one module per command of the same name. Must not import Prefect."""
