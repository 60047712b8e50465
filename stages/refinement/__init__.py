"""From the probabilities of Ψ to the labels of segments, and how right those labels are."""
