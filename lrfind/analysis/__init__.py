"""Analysis of measured numbers: numpy only, pure functions from losses to findings."""
