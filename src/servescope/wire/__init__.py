"""The language between the front end and its workers: messages, frames, and a channel for each end."""
