"""What people keep of their questions: saved searches, dashboards, the history of queries."""
