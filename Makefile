# Two commands: `make run` shows Debrief on its demo tenant, `make test` proves it.
# Both install what the system lacks (Debian, Ubuntu) or name it (elsewhere).

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-print-directory

GO      ?= go
PREFIX  ?= $(HOME)/.local
BIN     ?= build/bin
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)

# A tree owned by someone else (root in a container) has no readable history.
export GOFLAGS := $(strip -buildvcs=false $(filter-out -buildvcs=%,$(GOFLAGS)))

# webview_go asks pkg-config for webkit2gtk-4.0, which newer systems no longer
# have; a file of that name points at 4.1, the same library over libsoup 3. Go's
# build cache does not see the path, so a define that it does see goes with it.
SHIM := build/pkgconfig/webkit2gtk-4.0.pc
ifeq ($(filter $(CURDIR)/build/pkgconfig%,$(PKG_CONFIG_PATH)),)
export PKG_CONFIG_PATH := $(CURDIR)/build/pkgconfig$(if $(PKG_CONFIG_PATH),:$(PKG_CONFIG_PATH))
endif
export CGO_CPPFLAGS := -DDEBRIEF_WEBKIT_41

STATICCHECK := build/tools/staticcheck-v0.8.2
# MSAL for Node, in the versions of the lock file.
NODE_MSAL := build/interop/.installed
# Each part of `make test` says which it is.
say = @printf '\n== %s\n' '$@: $(1)'

.PHONY: run test build install uninstall clean bench env \
	deps-build deps-run deps-test build-test build-resident build-panel build-signin \
	checks format vet staticcheck windows validate unit fuzz story torture

# ---- run

run: deps-run
	@$(MAKE) build
	@if [ -n "$${DISPLAY-}$${WAYLAND_DISPLAY-}" ]; then \
		exec build/bin/debrief --demo; \
	else \
		echo 'debrief: no display here; playing the story on a virtual desktop'; \
		STORY_BIN=build/bin $(GO) run ./internal/story/play -shots build/demo; \
	fi

build: deps-build
	@$(MAKE) build-resident build-panel build-signin

build-resident:
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o build/bin/debrief ./cmd/desktop

build-panel:
	$(GO) build -trimpath -tags no_metadata,migrated_fynedo -ldflags '$(LDFLAGS)' -o build/bin/debrief-panel ./cmd/desktop/panel

build-signin: $(SHIM)
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o build/bin/debrief-signin ./cmd/desktop/signin

$(SHIM):
	@mkdir -p $(@D)
	@printf '%s\n' 'Name: webkit2gtk-4.0' 'Description: stands for webkit2gtk-4.1' \
		'Version: 4.1' 'Requires: webkit2gtk-4.1' >$@

# ---- install

install: $(if $(filter build/bin,$(BIN)),build)
	@packaging/install.sh install '$(PREFIX)' '$(BIN)'

uninstall:
	@packaging/install.sh uninstall '$(PREFIX)'

# ---- test

# Compiling and checking share the processors; what is counted or timed runs alone.
test: deps-test
	@$(MAKE) $(SHIM) $(STATICCHECK) $(NODE_MSAL)
	@$(MAKE) -j2 --output-sync=target build-test checks
	@$(MAKE) unit
	@$(MAKE) fuzz
	@$(MAKE) story
	@printf '\n== all passed\n'

# The tests' programs are the same, but that their panel is built without Fyne's
# migrated_fynedo, so that a call on the wrong thread is told on standard error.
build-test: build-resident build-signin
	$(call say,the programs that the story uses)
	@mkdir -p build/test-bin
	$(GO) build -trimpath -tags no_metadata -ldflags '$(LDFLAGS)' -o build/test-bin/debrief-panel ./cmd/desktop/panel
	cp build/bin/debrief build/bin/debrief-signin build/test-bin/

checks: format vet staticcheck windows validate

format:
	$(call say,gofmt)
	@files=$$(gofmt -l assets cmd internal); \
	if [ -n "$$files" ]; then printf 'not formatted:\n%s\n' "$$files"; exit 1; fi

vet: $(SHIM)
	$(call say,go vet)
	$(GO) vet ./...

staticcheck: $(SHIM) $(STATICCHECK)
	$(call say,staticcheck)
	$(STATICCHECK) ./...

$(STATICCHECK):
	@mkdir -p $(@D)
	GOBIN=$(CURDIR)/$(@D) $(GO) install honnef.co/go/tools/cmd/staticcheck@v0.8.2
	@mv $(@D)/staticcheck $@

$(NODE_MSAL): internal/interop/testdata/package.json internal/interop/testdata/package-lock.json
	@mkdir -p $(@D)
	@cp $^ $(@D)/
	cd $(@D) && npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier
	@touch $@

# The resident needs no C compiler, here and on Windows, where it is linked twice:
# with a console for the command line, without one for the double click.
windows:
	$(call say,the resident for Windows)
	GOOS=windows GOARCH=amd64 CGO_ENABLED=0 $(GO) vet ./cmd/desktop
	GOOS=windows GOARCH=amd64 CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o build/windows/debrief.exe ./cmd/desktop
	GOOS=windows GOARCH=amd64 CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS) -H windowsgui' -o build/windows/debriefw.exe ./cmd/desktop

validate:
	$(call say,desktop entry and metainfo)
	@mkdir -p build/validate
	@packaging/desktop-entry.sh /usr/bin/debrief >build/validate/app.debrief.Desktop.desktop
	desktop-file-validate build/validate/app.debrief.Desktop.desktop
	appstreamcli validate --no-net packaging/app.debrief.Desktop.metainfo.xml

# One of them kills the resident, a few dozen times; see torture.
unit: $(SHIM) build-resident
	$(call say,go test -race)
	@packages=$$($(GO) list ./... | grep -v '/internal/story$$'); $(GO) test -race $$packages

fuzz: $(SHIM)
	$(call say,every fuzz test for a while)
	@packaging/fuzz.sh

# The story is told last and alone: real windows and real keys.
story: $(SHIM)
	$(call say,the main job on a virtual desktop)
	$(GO) test -count=1 -v -timeout 15m ./internal/story

# The resident is killed a thousand times while it signs in, renews and clears.
torture: deps-test $(SHIM) build-resident
	$(call say,kills under load)
	TORTURE_KILLS=$${TORTURE_KILLS:-1000} $(GO) test -count=1 -v -timeout 60m -run ResidentIsKilled ./internal/torture

# ---- other

bench: deps-test
	@$(MAKE) build
	$(GO) test -run '^$$' -bench . -benchmem $$($(GO) list ./... | grep -v '/internal/story')
	$(GO) run ./internal/story/play -measure

# For a shell or an editor that calls go itself: eval "$$(make env)"
env: $(SHIM)
	@printf 'export %s\n' 'GOFLAGS="$(GOFLAGS)"' 'PKG_CONFIG_PATH="$(PKG_CONFIG_PATH)"' 'CGO_CPPFLAGS="$(CGO_CPPFLAGS)"'

clean:
	rm -rf build

deps-build deps-run deps-test:
	@packaging/deps.sh $(@:deps-%=%)
