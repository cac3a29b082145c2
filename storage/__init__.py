"""What is remembered: records, rows, artifacts. `database.Database` and `artifacts.ArtifactStore` are the entries."""
