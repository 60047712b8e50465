"""What every stage shares: parameters, errors, atomic files, the training loop, MLflow tracking."""
