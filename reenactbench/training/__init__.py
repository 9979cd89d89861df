"""What training a method takes, whatever the method: footage, samples, a loop, a state to go on from, checkpoints."""
