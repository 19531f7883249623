# make run    starts the program on http://127.0.0.1:8000 (flags: make run ARGS="--addr=:9000")
# make dev    does so on http://127.0.0.1:7331, and reloads server and page at each change
# make seed   fills ./data with users, videos, subtitles and a ledger to look at
# make test   passes every test
# make quick  passes those that need no browser, no ffmpeg and no running server
# make stress runs each package many times while all cores are busy
# All need Go, a C compiler and make, and install what else they lack with
# apt where they may. npm is needed for `make generate`,
# `make check` and `make dev` alone.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build
.PHONY: build run dev seed test quick stress bench check generate ffmpeg chromium node speech curl nginx

build:
	go build -o gensubtitle .

run: ffmpeg
	go run . $(ARGS)

dev: ffmpeg node node_modules
	@node static/build.js --watch & assets=$$!; trap 'kill $$assets 2>/dev/null || true' EXIT; \
	go tool templ generate --watch --proxy=http://127.0.0.1:8000 --open-browser=false \
		--watch-pattern='(.+\.go$$)|(.+\.templ$$)|(static/dist/.+)' --cmd="go run . $(ARGS)"

DATA ?= data
seed: ffmpeg
	go run ./e2e/seed --data-dir=$(DATA)

node_modules: package-lock.json
	npm ci
	@touch node_modules

# The e2e tests build the program themselves, which Go's test cache cannot see,
# hence -count=1. They mostly wait for other processes, hence -parallel. The race
# detector multiplies memory, so what measures memory has a run of its own without it.
test: ffmpeg chromium node speech curl nginx
	go vet ./...
	go test -race -count=1 -parallel=4 -timeout=80m ./...
	go test -count=1 -timeout=20m -run='^Test(Memory$$|Attack)' ./e2e

quick:
	go test -short ./...

# make stress PACKAGES=./db COUNT=5 RUN=TestQuota does a part of it. All of it
# takes hours, most of them for e2e. One loop per core keeps the cores busy; it
# ends when the shell that started it has ended, however that came.
PACKAGES ?= ./...
COUNT ?= 20
RUN ?= .
stress: ffmpeg chromium node speech curl nginx
	@packages=$$(go list $(PACKAGES)); failed=; loops=; \
	trap 'kill $$loops' EXIT; \
	for core in $$(seq "$$(nproc)"); do \
		while kill -0 $$$$ 2>/dev/null; do for i in {1..100000}; do :; done; done & \
		loops="$$loops $$!"; \
	done; \
	for package in $$packages; do \
		echo "$$package, $(COUNT) times"; \
		go test -race -count=$(COUNT) -parallel=4 -timeout=6h -run='$(RUN)' "$$package" || failed="$$failed $$package"; \
	done; \
	if [ -n "$$failed" ]; then echo "flaky:$$failed" >&2; exit 1; fi

bench: ffmpeg
	go test -run='^$$' -bench=. ./e2e/bench

check: node_modules
	go vet ./...
	go tool staticcheck ./...
	@unformatted=$$(go tool gofumpt -l .); if [ -n "$$unformatted" ]; then echo "gofumpt: $$unformatted" >&2; exit 1; fi
	npm run --silent check

generate: node_modules
	go tool templ generate
	npm run build

# $(call apt,PACKAGES) installs packages where that takes no password.
apt = if [ "$$(id -u)" = 0 ]; then sudo=; else sudo="sudo -n"; fi; \
	if ! command -v apt-get >/dev/null || ! $$sudo true 2>/dev/null; then \
		echo "Please install $(1) and run make again (on Debian and Ubuntu: sudo apt-get install $(1))." >&2; exit 1; \
	fi; \
	$$sudo apt-get update -q; \
	$$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $(1)

ffmpeg:
	@if ! command -v ffmpeg >/dev/null || ! command -v ffprobe >/dev/null; then $(call apt,ffmpeg); fi

node:
	@if ! command -v node >/dev/null; then $(call apt,nodejs); fi

curl:
	@if ! command -v curl >/dev/null; then $(call apt,curl); fi

# The example in docs/proxies.md is tried with it.
nginx:
	@if ! command -v nginx >/dev/null && ! [ -e /usr/sbin/nginx ]; then $(call apt,nginx); fi

# The tests have a speech engine hear speech. A program alone says nothing about
# its model, which is a package of its own.
speech:
	@if ! command -v espeak-ng >/dev/null || ! command -v pocketsphinx_continuous >/dev/null || \
		! [ -e /usr/share/pocketsphinx/model/en-us/en-us.lm.bin ]; then \
		$(call apt,pocketsphinx pocketsphinx-en-us espeak-ng); \
	fi

# On Ubuntu the apt package is a note about a snap, and a snap's Chromium
# cannot read the tests' files; so a browser counts when it shows a page.
chromium:
	@shows_a_page() { \
		for browser in "$${CHROME:-}" chromium chromium-browser google-chrome google-chrome-stable; do \
			profile=$$(mktemp -d); \
			if [ -n "$$browser" ] && command -v "$$browser" >/dev/null && timeout 60 "$$browser" --headless --no-sandbox --disable-gpu \
				--user-data-dir="$$profile" --dump-dom "data:text/html,ready" 2>/dev/null | grep ready >/dev/null; then found=yes; else found=; fi; \
			rm -rf "$$profile"; \
			if [ -n "$$found" ]; then return 0; fi; \
		done; \
		return 1; \
	}; \
	if ! shows_a_page; then \
		($(call apt,chromium)) || true; \
		if ! shows_a_page; then \
			echo "The browser tests need Chromium, and apt has none here that starts (on Ubuntu it is a snap)." >&2; \
			echo "Please install Google Chrome's .deb package, or name a Chromium in the variable CHROME, and run make test again." >&2; \
			exit 1; \
		fi; \
	fi
