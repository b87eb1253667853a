"""What the management API of every room shares: who may, pages, strict input, history."""
