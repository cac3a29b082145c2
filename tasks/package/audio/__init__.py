"""Audio as the outputs need it: encoding, chapter marks, tags."""
