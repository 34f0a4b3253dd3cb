"""Google's Gemini models as instructor, editor and judge of picofw."""
