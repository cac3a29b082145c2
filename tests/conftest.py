"""What holds for every test."""

import hypothesis

# Wall time says nothing where others compute. The suite tries the same texts every time, so that a green commit stays
# green; `pytest --hypothesis-profile explore` looks further.
hypothesis.settings.register_profile("suite", deadline=None, derandomize=True)
hypothesis.settings.register_profile("explore", deadline=None, max_examples=1000)
hypothesis.settings.load_profile("suite")
