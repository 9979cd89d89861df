"""Published methods that CrossID-GAN is compared with, written anew from their papers."""
