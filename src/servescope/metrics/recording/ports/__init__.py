"""What is counted of the ports: answers and bodies in `ports`, connections in `connections`. Called by `web.http`."""
