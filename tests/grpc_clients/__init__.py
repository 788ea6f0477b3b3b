"""gRPC by real clients: `make test-grpc`, in an environment with grpcio and its compiler."""
