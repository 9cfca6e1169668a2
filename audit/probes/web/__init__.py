"""What web servers, containers and clusters say in their answers and their configuration. Pure."""
