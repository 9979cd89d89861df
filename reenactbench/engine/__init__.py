"""plan -> generate -> score: three phases with content keys of their own."""
