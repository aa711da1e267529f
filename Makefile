# Placeholder so that the tree is whole from the first commit.
help:
	@echo "make demo | test | lint | bench"
