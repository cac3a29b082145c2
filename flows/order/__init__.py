"""What is asked for, looked up and checked, and what of it is finished. Must not import Prefect."""
