"""CrossID-GAN (Huang, Yang and Wang): identity-invariant motion representations for cross-ID face reenactment."""
