# Each target is `python tasks.py TARGET`; `make` alone explains them.
PYTHON ?= python3

help:
	@$(PYTHON) tasks.py --help

lab test notebooks timings handout figures bench lint clean:
	@$(PYTHON) tasks.py $@ $(ARGS)

.PHONY: help lab test notebooks timings handout figures bench lint clean
