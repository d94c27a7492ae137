# labctl. `make help` lists the targets; only Go, a C compiler, make and git are needed.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help deps build docker client node-image dist start test test-kind unit crash matrix lint bench fresh clean

BIN     := $(CURDIR)/bin
# Where build.sh puts binaries: releases have their own, with their version in them.
LABCTL_BUILD   ?= $(BIN)
export LABCTL_BUILD
LABCTL_RELEASE ?=
LAB     ?= kubernetes-101
KUBE    := 1.37.2

LDFLAGS      := -s -w
LABCTL_FLAGS := $(LDFLAGS)$(if $(LABCTL_RELEASE), -X labctl.dev/labctl/internal/release.version=$(LABCTL_RELEASE))
KUBE_PKG     := k8s.io/component-base/version
KUBE_LDFLAGS := $(LDFLAGS) -X $(KUBE_PKG).gitVersion=v$(KUBE) -X $(KUBE_PKG).gitMajor=1 -X $(KUBE_PKG).gitMinor=37
# As build.sh builds it; with other flags the tests and linters would compile all of Kubernetes anew.
KUBE_ENV     := CGO_ENABLED=0 GOFLAGS=-trimpath
CTRD_TAGS    := no_btrfs no_zfs no_devmapper

DOCKER     := 2.0.0-beta.24
DOCKER_CLI := 29.7.2
ENGINE_PKG := github.com/moby/moby/v2/dockerversion

EXE := $(if $(filter windows,$(GOOS)),.exe)

# $(call build,binary,module directory,package,ldflags,tags,CGO_ENABLED)
build = @internal/tools/build.sh '$(1)' '$(2)' '$(3)' '$(4)' '$(5)' '$(6)'

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

deps: ## say what is missing on this machine to build
	@for tool in go gcc git; do command -v $$tool >/dev/null || { echo "labctl needs $$tool to build: install it (Debian: apt-get install golang gcc git) and run make again" >&2; exit 1; }; done
	@have=$$(go env GOVERSION | sed 's/^go1\.//; s/\..*//'); test "$$have" -ge 26 || { echo "labctl needs Go 1.26 or newer, this is $$(go env GOVERSION)" >&2; exit 1; }

build: deps ## build labctl and all its helpers into bin/ (the first time: Kubernetes too, 10 minutes or more)
	@test -x $(LABCTL_BUILD)/labkube || echo "The first build compiles Kubernetes: about 10 minutes on two cores, once. Later builds take seconds."
	@echo "building into $(LABCTL_BUILD)"
	$(call build,labctl,.,./cmd/labctl,$(LABCTL_FLAGS))
	$(call build,labapp,.,./cmd/labapp,$(LDFLAGS))
	$(call build,labinit,.,./cmd/labinit,$(LDFLAGS))
	$(call build,runc,internal/tools/runc,github.com/opencontainers/runc,$(LDFLAGS) -extldflags -static,netgo osusergo,1)
	$(call build,bridge,internal/tools/node,github.com/containernetworking/plugins/plugins/main/bridge,$(LDFLAGS))
	$(call build,host-local,internal/tools/node,github.com/containernetworking/plugins/plugins/ipam/host-local,$(LDFLAGS))
	$(call build,loopback,internal/tools/node,github.com/containernetworking/plugins/plugins/main/loopback,$(LDFLAGS))
	$(call build,containerd-shim-runc-v2,internal/tools/node,github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2,$(LDFLAGS),$(CTRD_TAGS))
	$(call build,containerd,internal/tools/node,./cmd/containerd,$(LDFLAGS),$(CTRD_TAGS))
	$(call build,labkube,cmd/labkube,.,$(KUBE_LDFLAGS))

# Only labctl itself runs as root: a build under sudo would lack the user's PATH, and leave them root's files.
docker: deps ## build labctl's own Docker Engine into bin/, for labs that need one (the first time: 6 minutes or more)
	@test -x $(LABCTL_BUILD)/dockerd || echo "The first build compiles the Docker Engine: about 6 minutes on two cores, once. Later builds take seconds."
	@echo "building into $(LABCTL_BUILD)"
	$(call build,docker-proxy,internal/tools/dockerd,github.com/moby/moby/v2/cmd/docker-proxy,$(LDFLAGS))
	$(call build,dockerd,internal/tools/dockerd,github.com/moby/moby/v2/cmd/dockerd,$(LDFLAGS) -X $(ENGINE_PKG).Version=$(DOCKER))
	$(call build,docker,internal/tools/dockercli,github.com/docker/cli/cmd/docker,$(LDFLAGS) -X github.com/docker/cli/cli/version.Version=$(DOCKER_CLI))
	$(call build,docker-compose,internal/tools/dockercli,github.com/docker/compose/v5/cmd,$(LDFLAGS) -X github.com/docker/compose/v5/internal.Version=v5.5.1)
	$(call build,docker-buildx,internal/tools/dockercli,github.com/docker/buildx/cmd/buildx,$(LDFLAGS) -X github.com/docker/buildx/version.Version=v0.37.2)

# What there is for systems other than Linux (GOOS): engine kind, whose nodes and thus whose images are Linux's, of the
# one architecture or the other; of labkube only kubectl.
client: deps
	$(call build,labctl$(EXE),.,./cmd/labctl,$(LABCTL_FLAGS))
	$(call build,labkube$(EXE),cmd/labkube,.,$(KUBE_LDFLAGS))
	@for arch in amd64 arm64; do GOOS=linux GOARCH=$$arch internal/tools/build.sh labapp-linux-$$arch . ./cmd/labapp '$(LDFLAGS)'; done

dist: deps ## make release archives that need no Go into dist/ (PLATFORMS="linux/amd64 ..."; VERSION=v1.2.3)
	@VERSION='$(VERSION)' PLATFORMS='$(PLATFORMS)' DIST='$(DIST)' internal/tools/dist.sh

# kubeadm's control plane asks for seccomp, so this runc has it, and needs libseccomp to build.
node-image: build ## build a node image for kind into bin/, from Go modules and Debian packages; labctl loads it into Docker (root)
	@[ "$$(id -u)" = 0 ] || { echo "building the node image takes root: run sudo make node-image" >&2; exit 1; }
	@pkg-config --exists libseccomp 2>/dev/null || DEBIAN_FRONTEND=noninteractive apt-get install -qq -y libseccomp-dev pkg-config >/dev/null || { echo "the node image needs libseccomp-dev and pkg-config: install them and run make again" >&2; exit 1; }
	$(call build,kindnode,cmd/labkube,./kindnode,$(KUBE_LDFLAGS))
	$(call build,node-runc,internal/tools/runc,github.com/opencontainers/runc,$(LDFLAGS) -extldflags -static,seccomp netgo osusergo,1)
	$(call build,ctr,internal/tools/node,github.com/containerd/containerd/v2/cmd/ctr,$(LDFLAGS),$(CTRD_TAGS))
	$(call build,ptp,internal/tools/node,github.com/containernetworking/plugins/plugins/main/ptp,$(LDFLAGS))
	$(call build,portmap,internal/tools/node,github.com/containernetworking/plugins/plugins/meta/portmap,$(LDFLAGS))
	@internal/tools/nodeimage.sh $(KUBE)

start: build $(if $(filter docker%,$(LAB)),docker) ## build, then start a lab (LAB=kubernetes-101); asks for sudo's password when you are not root
	@[ "$$(id -u)" = 0 ] || set -- sudo $${LABCTL_HOME:+"LABCTL_HOME=$$LABCTL_HOME"}; \
	[ $$# = 0 ] || command -v sudo >/dev/null || { echo "starting a lab takes root, and there is no sudo: run $(BIN)/labctl start $(LAB) as root" >&2; exit 1; }; \
	"$$@" $(BIN)/labctl start $(LAB)

test: build docker $(if $(filter 0,$(shell id -u)),node-image) $(BIN)/tools/gotestsum ## run every test: unit, CLI, real clusters, a sample of the verdict matrix
	@LABCTL_BIN=$(BIN) internal/tools/test.sh

test-kind: docker node-image ## as root: engine kind's conformance suite, and all that can befall it, on a Docker Engine and a node image built here
	@LABCTL_BIN=$(BIN) internal/tools/withdocker.sh bash -c 'go test -tags e2e -count 1 -timeout 30m -v ./internal/engine/kind && \
		go test -tags e2e -count 1 -timeout 30m -v -run "^TestKind" ./internal/e2e'

unit: $(BIN)/tools/gotestsum ## run the tests that need neither root nor network
	@$(BIN)/tools/gotestsum --format pkgname -- ./... && cd cmd/labkube && $(KUBE_ENV) $(BIN)/tools/gotestsum --format pkgname -- ./...

crash: build ## kill labctl and its processes 30 times at random moments and 30 times at ledger steps (CRASHES=30)
	@[ "$$(id -u)" = 0 ] || { echo "clusters take root: run this as root" >&2; exit 1; }
	@LABCTL_BIN=$(BIN) LABCTL_CRASHES=$(or $(CRASHES),30) go test -tags e2e -count 1 -timeout 3h -v -run '^TestCrashesAt(AnyMoment|LedgerSteps)$$' ./internal/e2e

matrix: build docker ## prove every lab: all cases of its verdict matrix, on the engine that start takes (REPEAT=1; BUSY=1: every core kept busy; PARALLEL=N)
	@$(BIN)/labctl lab test --all --full --repeat $(or $(REPEAT),1) $(if $(BUSY),--busy) $(if $(PARALLEL),--parallel $(PARALLEL))

lint: deps $(BIN)/tools/golangci-lint ## run the linters over all our code
	@GOLANGCI_LINT_CACHE=$(BIN)/tools/lint-cache $(BIN)/tools/golangci-lint run --allow-parallel-runners ./... # a shared cache remembers other checkouts' paths
	@cd cmd/labkube && $(KUBE_ENV) go vet ./... # the linters would type-check all of Kubernetes: minutes each time
	@cd internal/tools/node && CGO_ENABLED=0 GOFLAGS=-trimpath go vet -tags '$(CTRD_TAGS)' ./... # its main; the other modules have no code of ours
	@GOOS=darwin CGO_ENABLED=0 go build -o /dev/null ./cmd/labctl && GOOS=windows CGO_ENABLED=0 go build -o /dev/null ./cmd/labctl

bench: build ## measure starts, resets, checks, stops and memory
	@LABCTL_BIN=$(BIN) go run ./internal/tools/bench

fresh: deps ## follow the README on a new Debian with only Go, gcc, make, git and sudo (COLD=1: with empty caches)
	@internal/tools/freshmachine.sh

$(BIN)/tools/golangci-lint: internal/tools/lint/go.mod
	$(call build,tools/golangci-lint,internal/tools/lint,github.com/golangci/golangci-lint/v2/cmd/golangci-lint,$(LDFLAGS))

$(BIN)/tools/gotestsum: internal/tools/testsum/go.mod
	$(call build,tools/gotestsum,internal/tools/testsum,gotest.tools/gotestsum,$(LDFLAGS))

clean: ## remove what make built
	rm -rf $(BIN) dist
