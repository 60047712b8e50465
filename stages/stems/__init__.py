"""What a stem set is on disk, where one comes from, how it is corrupted, and how it is cut into labelled segments."""

CLASSES = ("vocals", "bass", "drums", "other")
