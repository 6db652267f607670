"""What runs inside a container's process. Standard library only: any interpreter can run it."""
