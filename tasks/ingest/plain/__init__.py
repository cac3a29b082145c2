"""What plain text and PDF share: lines, headings, words cut by a line's end. Knows nothing of files."""
