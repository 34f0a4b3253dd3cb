"""Instruction-editing pipelines of diffusers as an editor of picofw."""
