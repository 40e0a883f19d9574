"""Work that outlives the process: jobs in SQL, who does them, and who is told."""
