# make reproduce   set up this machine, then rebuild every table and figure
# make test        set up this machine, then run the tests
# make study       run the studies of every seed (hours), then rebuild results/reference
# make ui          compare the runs in MLflow, on 127.0.0.1:5000
# make lock        resolve pyproject.toml anew and write constraints.txt

PYTHON ?= python3.11
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PYTHONUNBUFFERED := 1
export MLFLOW_DISABLE_TELEMETRY := true

.PHONY: setup reproduce test study ui lock

setup: .venv/ready
	@tools/system_packages.sh

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test,study]'
	@touch $@

reproduce: setup
	dvc repro

# Two processes on two cores: threads that wait must not spin.
test: export OMP_WAIT_POLICY := passive
test: setup
	pytest --numprocesses 2 --dist loadfile

study: setup
	python tools/measure_energy.py dvc repro studies/dvc.yaml
	@python analysis/make_reference.py
	@python analysis/make_readme.py

ui: setup
	mlflow ui --backend-store-uri sqlite:///mlflow.db --host 127.0.0.1 --port 5000

lock:
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --upgrade --editable '.[test,study]'
	$(BIN)/pip freeze --exclude-editable > constraints.txt
