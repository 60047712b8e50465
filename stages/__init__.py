"""One module per DVC stage; the work itself is in the sub-packages, in the order in which data flows:

pipeline → stems → recognition → refinement → separation → scoring. A package imports only from those before it.
"""
