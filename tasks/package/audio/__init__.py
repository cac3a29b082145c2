"""Audio as the outputs need it: encoding, chapter marks, tags. Must not know which outputs there are."""
