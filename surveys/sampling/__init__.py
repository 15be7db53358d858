"""Stratified random samples of the contact bank that anybody with the seed can draw again."""
