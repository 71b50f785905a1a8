# Each target is `python tasks.py TARGET`; `make` alone explains them.
PYTHON ?= python3
TASKS = lab test test-browser test-colab notebooks timings handout slides report colab badges site figures bench lint clean

help:
	@$(PYTHON) tasks.py --help

$(TASKS):
	@$(PYTHON) tasks.py $@ $(ARGS)

.PHONY: help $(TASKS)
