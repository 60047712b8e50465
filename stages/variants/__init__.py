"""Labels of the noisy stems beyond the five arms: the paper's ablations (Table 3), and what only the truth allows."""
