"""What may be tuned: `settings.load_settings`, its defaults, profiles, models and voices.

Must not know what is done with any of it.
"""
