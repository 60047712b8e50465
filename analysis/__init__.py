"""From the stages' metrics to the paper's tables, figures and claims. Reads small JSON and CSV files alone."""
