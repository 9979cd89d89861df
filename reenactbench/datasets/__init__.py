"""Where faces come from: readers of data sets, and the crops that everything else works on."""
