"""Many recordings in one job."""
