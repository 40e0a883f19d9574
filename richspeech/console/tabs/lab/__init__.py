"""The tab where settings and rules are tried and compared."""
