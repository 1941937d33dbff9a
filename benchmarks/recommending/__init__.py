"""The labelled library that LoRA recommendations are measured on."""
