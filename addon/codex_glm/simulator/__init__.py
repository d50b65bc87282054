"""A small GLM that runs on loopback: strict about requests, scripted in its answers.

It is a simulator. No model is asked; what it says is written in `scenarios/*.yaml`.
"""
