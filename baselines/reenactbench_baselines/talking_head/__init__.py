"""Few-shot talking head (Zakharov et al., ICCV 2019): drawn landmarks in the style of a few pictures of a person."""
