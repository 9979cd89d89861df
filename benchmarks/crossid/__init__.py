"""What CrossID-GAN costs."""
