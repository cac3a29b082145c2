"""Who listens to takes: does this one say its text? Must not know how takes are made, kept or chosen."""
