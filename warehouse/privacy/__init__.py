"""What becomes of people's data: erased when they ask, shown when they ask, removed when it is old."""
