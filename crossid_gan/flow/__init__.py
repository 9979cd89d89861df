"""crossid-flow: CrossID-GAN's motion code, content code, mask and image, and a flow of the target's own pixels."""
