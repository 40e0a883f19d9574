"""One file a revision. They are frozen: none imports what goes on changing."""
