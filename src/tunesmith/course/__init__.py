"""What turns code into a course: exercises that check themselves, and the notebooks' tool."""
