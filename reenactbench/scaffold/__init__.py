"""Starting a plugin: the files of a distribution that already works, under the name of the author's choice."""
