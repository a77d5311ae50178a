"""How a stage asks a model: evidence, forms of answers, and asking again."""
