"""The qa stage: judges takes by what can be measured."""
