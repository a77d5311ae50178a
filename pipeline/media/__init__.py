"""The only code that runs ffmpeg and ffprobe. Every file is hostile until its probe has been checked."""
