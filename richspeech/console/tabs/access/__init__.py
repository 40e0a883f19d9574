"""The tab of users and keys, for admins."""
