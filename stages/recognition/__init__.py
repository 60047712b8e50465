"""The classifier Ψ, which hears which of the four classes are in a segment: random mixing, effects, features, model."""
