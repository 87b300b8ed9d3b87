"""The four steps of a tick (sync, analyze, transform, predict) and the gate that ends it."""
