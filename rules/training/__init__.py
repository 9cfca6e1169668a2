"""Texts that the shipped text model learns from, and what turns them into a model."""
