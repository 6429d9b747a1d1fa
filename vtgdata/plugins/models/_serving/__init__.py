"""What models behind servers share: endpoints, the state of a server, replies and their limit."""
