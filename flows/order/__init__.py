"""What is asked for, looked up and checked, and what is there already. Must not import Prefect."""
