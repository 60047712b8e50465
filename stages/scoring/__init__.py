"""How good a classifier (Table 1, Figure 4) and a separator (Table 2) are."""
