"""The pretend estate: simulated vendors over real HTTP. It imports nothing of ours and is met only over the wire."""
