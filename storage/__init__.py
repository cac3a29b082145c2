"""Remembers everything: books, takes, voices, runs, masters and editions as rows, their audio and latents as files.

`database.Database` and `artifacts.ArtifactStore` are the entries, `records` what goes in and comes out. This package
must not know how a stage does its work, nor any setting.
"""
