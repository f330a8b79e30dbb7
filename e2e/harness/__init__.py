"""What the end-to-end tests stand on: the server's process, and the few tools no client brings along."""
