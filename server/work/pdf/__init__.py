"""What a PDF shows where the file holds no picture of it: its forms and annotations, its letters."""
