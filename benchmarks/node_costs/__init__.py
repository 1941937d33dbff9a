"""What nodes cost inside a real ComfyUI."""
