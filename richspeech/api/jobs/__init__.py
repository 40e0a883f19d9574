"""Durable jobs for programs: handed in, looked at, followed, changed."""
