"""What whoever runs the server looks at: logs, the audit log, metrics, readiness, traces."""
