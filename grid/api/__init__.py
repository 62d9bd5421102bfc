"""REST doors of the grid."""
