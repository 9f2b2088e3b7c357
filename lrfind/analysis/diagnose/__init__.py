"""Diagnosis of a finished training from its log: evidence, rules, wording."""
