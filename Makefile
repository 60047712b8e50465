# make reproduce   set up this machine, then rebuild every table and figure
# make test        set up this machine, then run the tests
# make setup       set up this machine, and nothing more
# make study       make reproduce, then run the studies of every seed (more than two days) and rebuild results/reference
# make ui          compare the runs in MLflow, on 127.0.0.1:5000
# make lock        resolve pyproject.toml anew and write constraints.txt

PYTHON ?= python3.11
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PYTHONUNBUFFERED := 1
export MLFLOW_DISABLE_TELEMETRY := true

.PHONY: setup reproduce first_lane second_lane test study ui lock

setup: .venv/ready
	@tools/system_packages.sh

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test,study]'
	@touch $@

# DVC runs one stage after the other. Two trainings side by side, of one thread each, take three quarters of the time of
# one after the other with two threads; so, once the stems are there, two lanes run: Ψ_clean and most of what needs no other
# classifier in one, Ψ_noisy and Ψ_refined in the other. --single-item, because DVC would lock the stems that both read.
reproduce: setup
	dvc repro record_environment label_segments@clean label_segments@noisy
	+$(MAKE) --no-print-directory --jobs=2 first_lane second_lane
	dvc repro

of_classifier = train_classifier@$(1) predict_segments@psi_$(1) refine_labels@psi_$(1) score_classifier@$(1)
of_separators = $(foreach separator,$(1),train_separator@$(separator) score_separator@$(separator))

first_lane:
	dvc --wait-for-lock repro --single-item $(call of_classifier,clean) \
		$(call of_separators,xumx-clean xumx-noisy xumx-psi_clean hdemucs-noisy hdemucs-psi_clean)

second_lane:
	dvc --wait-for-lock repro --single-item $(call of_classifier,noisy) $(call of_classifier,refined) \
		$(call of_separators,xumx-psi_noisy xumx-psi_refined hdemucs-clean hdemucs-psi_noisy hdemucs-psi_refined)

# Two processes on two cores: threads that wait must not spin.
test: export OMP_WAIT_POLICY := passive
test: setup
	ruff check --quiet . && ruff format --quiet --check .
	pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

study: reproduce
	python tools/measure_energy.py dvc --cd studies repro --keep-going; failed=$$?; \
		python analysis/make_reference.py && python analysis/make_readme.py && exit $$failed

ui: setup
	mlflow ui --backend-store-uri sqlite:///mlflow.db --host 127.0.0.1 --port 5000

lock:
	empty=$$(mktemp --directory) && $(PYTHON) -m venv $$empty \
		&& $$empty/bin/pip install --quiet --disable-pip-version-check --editable '.[test,study]' \
		&& $$empty/bin/pip freeze --exclude-editable > constraints.txt \
		&& rm -r $$empty
