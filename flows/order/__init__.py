"""From a request to an order: what a person asks for, looked up and checked; what of it is finished; the report.

Must not import Prefect.
"""
