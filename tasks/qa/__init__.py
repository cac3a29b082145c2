"""The qa stage: judges takes by what can be measured. Must not know how a take was made or where it is stored."""
