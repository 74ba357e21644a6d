"""Expected revenue. The accounting engine has its place here; today it spreads the ERP's own allocation over time."""
