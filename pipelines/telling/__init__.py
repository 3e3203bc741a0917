"""What goes wrong is told to people: what is looked for, what was told before, and by which channel."""
