"""What stands at the ports: the listeners, their certificates, tokens, and the exchanges that all APIs share."""
