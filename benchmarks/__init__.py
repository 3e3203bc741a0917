"""Speed and memory, as ratios measured side by side in one run. No test is timed: speed is measured only here."""
