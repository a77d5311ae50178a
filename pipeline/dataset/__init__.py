"""What leaves a run: samples, card, publication and the formats of trainers."""
