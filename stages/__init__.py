"""One module per DVC stage; the work itself is in the sub-packages, in the order in which data flows:

pipeline → stems → recognition → refinement → separation → scoring. A package imports only from those before it.
What the studies train with beyond the five arms is in variants, which imports from those before scoring.
"""
