"""gRPC's ports: addresses, services and certificates in; calls out to the services. Begin reading at `listener`."""
