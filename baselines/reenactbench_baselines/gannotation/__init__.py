"""GANnotation (Sanchez and Valstar, 2018), written from the paper; docs/gannotation.md says where it is another."""
