"""Methods in processes of their own: one with another environment, or one that may crash, hang and leak."""
