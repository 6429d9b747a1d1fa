"""What models behind servers share: endpoints, a server's state, replies and their limit."""
