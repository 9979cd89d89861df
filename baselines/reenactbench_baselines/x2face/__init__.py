"""X2Face (Wiles, Koepke and Zisserman, ECCV 2018): one flow draws a face out of its pictures, another one moves it."""
