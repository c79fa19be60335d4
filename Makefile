# The menu: make help.

PYTHON ?= python3
CORES ?= 2
# One more page or test at a time than there are cores: some wait for processes that they have started. Two more tests
# were slower by 13 %.
MORE = $$(($(CORES) + 1))
BIN := .venv/bin
PIP := $(BIN)/python -m pip
PINS := --requirement requirements.txt --constraint constraints.txt
READY := .venv/ready
export PATH := $(CURDIR)/$(BIN):$(PATH)

STUDY ?= digits
NOISE ?= symmetric
RATE ?= $(or $(RATE_OF_$(NOISE)),0.4)
RATE_OF_clean := 0
RATE_OF_human := worse
RATE_OF_matrix := worse
OPTIONS ?=
KEEP ?=
CHECKED := test_losses test_noise study/test_records evidence/test_claims
KILLS ?= 100
BUILDS ?= 10
SEED ?= 0
OUT ?= out/$(STUDY)-$(NOISE)-$(RATE).ipynb

.DEFAULT_GOAL := help
.PHONY: help book pdf serve lab setting study notebooks readme links test check kill-test lint clean constraints

help:
	@echo "make book                     build the site: environment, pages, pictures"
	@echo "make pdf                      build the site, and print it as one PDF to which its landing page leads (Chromium)"
	@echo "make test                     build the site and run all tests, as many at a time as cores and one more (CORES=2)"
	@echo "make check                    style, and the tests of losses, noise, records and claims: for every save"
	@echo "make kill-test                kill workers at 100 random moments and builds at 10, compare what they make"
	@echo "                              (KILLS=100 BUILDS=10 SEED=0)"
	@echo "make serve                    build, show at http://localhost:8000, rebuild on save"
	@echo "make lab                      JupyterLab on the notebooks: what is saved in one half of a pair is written into the other"
	@echo "make setting STUDY=digits NOISE=symmetric RATE=0.4 OPTIONS='-p losses \"ce nce\"'"
	@echo "                              one setting with papermill, into out/"
	@echo "make study STUDY=digits       train the missing runs of a study (OPTIONS='--workers 2 --budget 9m --data-root DIR')"
	@echo "make notebooks                write the half that changed into the other, .py or .ipynb; where both changed,"
	@echo "                              KEEP=notebooks/FOLDER/NAME.py or .ipynb says which one wins"
	@echo "make readme                   bring the README, and the words that the records give, up to date"
	@echo "make links                    ask every outside link of the book; needs the network"
	@echo "make lint                     style of the code"
	@echo "make clean                    remove executed pages, the site and the demonstration's records"

$(READY): requirements.txt constraints.txt pyproject.toml
	@$(PIP) --version >/dev/null 2>&1 || $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name it: make PYTHON=...")'
	@$(PIP) --version >/dev/null 2>&1 || $(PYTHON) -m venv .venv
	@echo "Installing the pinned requirements (about 7 GB with torch; a minute or a few)"
	@$(PIP) install --quiet --disable-pip-version-check --constraint requirements.txt uv
	@uv pip install --quiet --python $(BIN)/python --system-certs $(PINS) \
		|| { echo "uv could not; pip tries, which takes longer but knows its own settings"; $(PIP) install --quiet --disable-pip-version-check $(PINS); }
	@$(PIP) install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

book: $(READY)
	@python pipeline/pairs.py
	@python pipeline/build.py --cores $(MORE)
	@echo "Open $(CURDIR)/_build/html/index.html"

pdf: book
	@python pipeline/pdf.py

serve: $(READY)
	@python pipeline/serve.py

lab: $(READY)
	@python pipeline/pairs.py
	@python -m jupyterlab --config=pipeline/lab.py $(OPTIONS)

setting: $(READY)
	@test -n '$(OUT)' || { echo "OUT is empty; name the notebook to write" >&2; exit 1; }
	@mkdir -p "$$(dirname '$(OUT)')"
	papermill notebooks/experiments/setting.ipynb '$(OUT)' -k python3 -p study '$(STUDY)' -p noise '$(NOISE)' -p rate '$(RATE)' $(OPTIONS)

study: $(READY)
	python -m nlr study '$(STUDY)' $(OPTIONS)

notebooks: $(READY)
	@python pipeline/pairs.py $(if $(KEEP),--keep $(KEEP))

test: $(READY) book
	python -m pytest -n $(MORE) --dist loadgroup --no-loadscope-reorder

check: lint
	python -m pytest -n $(CORES) --dist loadgroup -q $(CHECKED:%=tests/%.py)

kill-test: $(READY)
	@python tests/kill.py --kills $(KILLS) --builds $(BUILDS) --seed $(SEED)

readme: $(READY)
	@python pipeline/pairs.py
	@python pipeline/build.py --cores $(CORES) --only executed/values.json
	@python pipeline/readme.py
	@python pipeline/outcomes.py

links: book
	jupyter-book build . --builder linkcheck --path-output _build/links --quiet

lint: $(READY)
	ruff check . && ruff format --check .

clean:
	rm -rf _build executed live out .snakemake

constraints: $(READY)
	@(head -1 constraints.txt; python -m pip freeze --exclude-editable --disable-pip-version-check | grep -viE '^(nvidia|triton|cuda)') > constraints.new
	@mv constraints.new constraints.txt
