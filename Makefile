# Makefile - builds, tests and installs; it never installs a package:
# ./install.sh does that. `make help` lists the targets.
#
# Objects are kept apart by FLAVOUR, each with its own flags; $(OUT)/flags holds
# the flags they were built with, so that other flags build them anew.
FLAVOUR ?= release
PREFIX  ?= /usr/local
DESTDIR ?=
CLOUD   ?= lxd
OUT     := build/$(FLAVOUR)
export FLAVOUR

WARN  := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
         -Wformat=2 -Wwrite-strings -Wvla $(if $(CI),-Werror)
HARD  := -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
ALL    = -std=c11 -D_DEFAULT_SOURCE -Icutils -MMD -MP $(WARN) $(CFLAGS)
LIBS  := -lcurl -ljansson -lcrypto -lexpat
CFLAGS ?= -O2 -g $(HARD)
ASAN  := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
         -fno-sanitize-recover=all

MODULES := $(filter-out cutils/bin/%,$(wildcard cutils/*/*.c))
PROGS   := $(patsubst cutils/bin/%.c,$(OUT)/bin/%,$(wildcard cutils/bin/*.c))
UNITS   := $(patsubst tests/unit/%.c,$(OUT)/unit/%,$(wildcard tests/unit/*_test.c))
UNIT_PARTS := $(filter-out %_test.c,$(wildcard tests/unit/*.c))
TOOLS   := $(patsubst tests/tools/%.c,$(OUT)/tools/%,$(wildcard tests/tools/*.c))
EMULATOR := $(if $(wildcard tests/emulator/main.c),$(OUT)/emulator/emulator)
FUZZERS := $(patsubst tests/fuzz/%.c,$(OUT)/fuzz/%,\
           $(filter-out %/replay.c,$(wildcard tests/fuzz/*.c)))
PRELOAD := $(patsubst tests/%.c,$(OUT)/%.so,$(wildcard tests/fault/*lib.c))

.PHONY: emulator-tools kill fault fuzz fuzz-run all help everything tools check check-unit \
        check-bats check-incus check-lxd check-datastore contract lint asan demo bench \
        install uninstall clean FORCE
.SECONDARY:

all: $(PROGS) ## the programs, in build/release/bin

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 16
	@echo '  variables: PREFIX ($(PREFIX)), DESTDIR, CLOUD ($(CLOUD)), CC, CFLAGS'

everything: $(PROGS) $(UNITS) $(TOOLS) $(PRELOAD) $(FUZZERS) $(EMULATOR)

# ---- building ----
$(OUT)/libadt.a: $(MODULES:%.c=$(OUT)/%.o) $(OUT)/modules
	rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)
$(OUT)/bin/%: $(OUT)/cutils/bin/%.o $(OUT)/libadt.a
	@mkdir -p $(@D)
	$(CC) $(ALL) $(LDFLAGS) -o $@ $^ $(LIBS)
$(UNITS): $(UNIT_PARTS:%.c=$(OUT)/%.o)
$(UNITS) $(TOOLS): $(OUT)/%: $(OUT)/tests/%.o $(OUT)/libadt.a
	@mkdir -p $(@D)
	$(CC) $(ALL) $(LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LIBS)
# With LIBFUZZER, its main() makes inputs up; without, ours reads the corpus.
$(FUZZERS): $(if $(LIBFUZZER),,$(OUT)/tests/fuzz/replay.o)
$(FUZZERS): $(OUT)/%: $(OUT)/tests/%.o $(OUT)/libadt.a
	@mkdir -p $(@D)
	$(CC) $(ALL) $(LDFLAGS) $(LIBFUZZER) -o $@ $^ $(LIBS)
# Preloaded into programs of any flavour, so built without the flavour's flags.
$(PRELOAD): $(OUT)/%.so: tests/%.c | tools
	@mkdir -p $(@D)
	$(CC) -std=c11 -D_DEFAULT_SOURCE $(WARN) -O1 -g -fPIC -shared -o $@ $<
$(EMULATOR): $(patsubst %.c,$(OUT)/%.o,$(wildcard tests/emulator/*.c)) \
    $(OUT)/libadt.a
	@mkdir -p $(@D)
	$(CC) $(ALL) $(LDFLAGS) -o $@ $^ $(LIBS) -lmicrohttpd -lm
$(OUT)/%.o: %.c $(OUT)/flags | tools
	@mkdir -p $(@D)
	$(CC) $(ALL) -c -o $@ $<

STAMP_flags    = $(CC) $(ALL) $(LDFLAGS)
STAMP_modules := $(MODULES)
$(OUT)/flags $(OUT)/modules: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(STAMP_$(@F))' | cmp -s - $@ || \
	    printf '%s\n' '$(STAMP_$(@F))' >$@
-include $(shell find $(OUT) -name '*.d' 2>/dev/null)

# need PROGRAMS,OPTION - says which are not here, and what installs them.
need = @missing=; for program in $(1); do \
	command -v "$$program" >/dev/null || { missing=yes; \
	echo "$$program is missing: ./install.sh $(2) installs it" >&2; }; \
	done; [ -z "$$missing" ]
# need_headers NAMES - the same for headers.
need_headers = @for header in $(1); do \
	echo "\#include <$$header>" | $(CC) -E -x c - >/dev/null 2>&1 || { \
	echo "$$header is missing: ./install.sh --check installs it" >&2; \
	exit 1; }; done
HEADERS := stdio.h curl/curl.h jansson.h openssl/cms.h expat.h

tools:
	$(call need,$(firstword $(CC)) $(AR),--check)
	$(call need_headers,$(HEADERS))

# For tests, the demo and the benchmark alone.
emulator-tools: | tools
	$(call need_headers,microhttpd.h)
$(OUT)/tests/emulator/http.o: | emulator-tools

# ---- testing ----
# Tests speak TAP. What was announced and did not report counts as failed.
COUNT := awk '{ print; fflush() } \
	/^1\.\.[0-9]/ { planned += substr($$1, 4) } \
	/^Bail out!/ { bailed = 1 } \
	/^not ok / { failed++ } \
	/^ok / { if (/\# skip/) skipped++; else passed++ } \
	END { lost = planned - passed - failed - skipped; \
	      if (lost > 0) { print lost " gave no result"; failed += lost } \
	      if (bailed && !failed) failed = 1; \
	      if (skipped) print skipped " skipped"; \
	      printf "%d passed, %d failed\n", passed, failed; \
	      exit failed > 0 || passed == 0 }'

# Unit tests, and each fuzz target over the inputs that are kept.
corpus = $(wildcard tests/fuzz/corpus/$(1)/* \
         $(if $(filter providers,$(1)),tests/replies/*/*.json))
run_one = if timeout 120 $(1) $(2) </dev/null >$(1).log 2>&1; \
	then echo "ok $(notdir $(1))"; \
	else echo "not ok $(notdir $(1))"; sed 's/^/\# /' $(1).log; fi;
run_units = echo 1..$(words $(UNITS) $(FUZZERS)); \
	$(foreach test,$(UNITS),$(call run_one,$(test))) \
	$(foreach fuzz,$(FUZZERS),$(call \
	    run_one,$(fuzz),$(call corpus,$(notdir $(fuzz))))) :
# run_bats FILES
run_bats = $(if $(1),bats --tap $(2) $(1) </dev/null || \
	echo 'Bail out! bats failed',:)
# Two files at once for each processor, for the tests wait more than they
# compute; the tests of one file in turn.
AT_ONCE := -j $(shell expr 2 '*' $$(nproc)) --no-parallelize-within-files
BATS_NEEDS := bats parallel jq openssl curl busybox mksh yash dash bash cloud-init

BATS ?= $(wildcard tests/*.bats)
# Those whose subject is what the C programs do.
PROGRAM_BATS := $(wildcard tests/adt_*.bats tests/clouds_*.bats \
                $(patsubst %,tests/%.bats,budget fault https resume))

check: everything ## every test that needs no LXD and no S3 server
	$(call need,$(BATS_NEEDS),--check)
	@{ $(run_units); $(call run_bats,$(BATS),$(AT_ONCE)); } | $(COUNT)

check-unit: everything ## the tests of the C modules
	@{ $(run_units); } | $(COUNT)

check-bats: everything ## the tests of programs and scripts
	$(call need,$(BATS_NEEDS),--check)
	@{ $(call run_bats,$(BATS),$(AT_ONCE)); } | $(COUNT)

check-lxd: everything ## the tests on real machines (LXD, as root)
	$(call need,bats jq lxd debootstrap mksquashfs ceph-mon ceph-osd \
	    radosgw uuidgen,--demo lxd)
	@{ $(call run_bats,$(wildcard tests/lxd/*.bats)); } | $(COUNT)

# On a machine without Incus, tests/lxd/incus.sh gets it, below build/ alone.
check-incus: everything ## capture to deletion, and https, on a real Incus (as root)
	$(call need,bats jq openssl lxcfs debootstrap mksquashfs,--demo lxd)
	@{ LAB_SERVER=incus LAB_IMAGES=$(CURDIR)/build/lxd/images; \
	    export LAB_SERVER LAB_IMAGES; \
	    $(call run_bats,$(patsubst %,tests/lxd/%.bats,cloud https)); } | $(COUNT)

check-datastore: everything ## the tests on a real S3 server (Ceph RGW)
	$(call need,$(BATS_NEEDS) ceph-mon ceph-osd radosgw uuidgen \
	    mariadb-install-db psql,--ci)
	@{ $(call run_bats,$(wildcard tests/datastore/*.bats)); } | $(COUNT)

# Prism checks requests and replies against the vendors' own descriptions; it
# is installed from npm, in this one version, and only below build/.
PRISM_VERSION := 5.14.2
PRISM := build/prism/installed-$(PRISM_VERSION)
$(PRISM):
	$(call need,node npm,--ci)
	rm -rf build/prism && mkdir -p $(@D)
	npm install --prefix build/prism --no-save --no-audit --no-fund \
	    --ignore-scripts @stoplight/prism-cli@$(PRISM_VERSION) </dev/null
	touch $@

contract: everything $(PRISM) ## four clouds as their vendors describe them, by Prism; OPENAPI_DIR
	$(call need,$(BATS_NEEDS) node,--ci)
	@{ $(call run_bats,$(wildcard tests/contract/*.bats)); } | $(COUNT)

asan: ## units and programs, with the address and undefined-behaviour sanitizers; FULL=1: check
	@ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1 \
	    $(MAKE) check FLAVOUR=asan CFLAGS='$(ASAN)' \
	    $(if $(FULL),,BATS='$(PROGRAM_BATS)')

kill: everything ## each operation killed at every step; FULL=1 tries them all
	$(call need,bash jq curl setsid,--check)
	@tests/fault/kill.bash | $(COUNT)

fault: everything ## every fault of every cloud at every operation; FULL=1
	$(call need,bash jq curl,--check)
	@tests/fault/matrix.bash | $(COUNT)

# Seconds for each target.
FUZZ_S ?= 20
fuzz: ## inputs made up by libFuzzer for every parser, FUZZ_S seconds each
	$(call need,clang,--ci)
	@$(MAKE) fuzz-run FLAVOUR=fuzz CC=clang LIBFUZZER=-fsanitize=fuzzer \
	    CFLAGS='$(ASAN) -fsanitize=fuzzer-no-link'
fuzz-run: $(FUZZERS)
	@{ echo 1..$(words $(FUZZERS)); for fuzz in $(FUZZERS); do \
		name=$${fuzz##*/}; mkdir -p $(OUT)/corpus/$$name; \
		$$fuzz -max_total_time=$(FUZZ_S) -timeout=10 -max_len=16384 \
		    -rss_limit_mb=1024 -artifact_prefix=$(OUT)/$$name- \
		    $(OUT)/corpus/$$name \
		    $$(ls -d tests/fuzz/corpus/$$name 2>/dev/null) \
		    $$([ $$name != providers ] || ls -d tests/replies/*) \
		    >$$fuzz.log 2>&1 && \
		    echo "ok $$name: $$(sed -n 's/^Done \(.*\)/\1/p' $$fuzz.log)" || \
		    { echo "not ok $$name"; tail -n 40 $$fuzz.log | sed 's/^/# /'; }; \
	done; } | $(COUNT)

LINTS := $(wildcard tests/lint/*.sh)
lint: ## style, floors, manuals, and builds by gcc and clang without a warning
	$(call need,clang clang-format clang-tidy cppcheck shellcheck \
	    checkbashisms mandoc,--ci)
	@{ echo 1..$(words $(LINTS) gcc clang); \
	$(MAKE) everything FLAVOUR=strict CC=gcc CI=yes && \
	    echo 'ok gcc -Werror' || echo 'not ok gcc -Werror'; \
	$(MAKE) everything FLAVOUR=clang CC=clang CI=yes && \
	    echo 'ok clang -Werror' || echo 'not ok clang -Werror'; \
	for lint in $(LINTS); do \
		$$lint 2>&1 && echo "ok $$lint" || echo "not ok $$lint"; \
	done; } | $(COUNT)

EMULATED := digitalocean exoscale linode vultr
demo: all $(if $(filter $(EMULATED),$(CLOUD)),$(EMULATOR)) ## the whole story; CLOUD=lxd: on real machines
	@[ -n '$(filter lxd $(EMULATED),$(CLOUD))' ] || { echo \
	    "make demo: CLOUD=$(CLOUD): one of lxd $(EMULATED)" >&2; exit 1; }
	CLOUD=$(CLOUD) tests/demo/story.sh

bench: all $(EMULATOR) ## 200 machines at once on each cloud, MACHINES=n; on LXD, image or packages
	@tests/bench/bench.sh

# ---- installing ----
BASE      = $(DESTDIR)$(PREFIX)
SHARE    := share/adt-snapshots
PAGES    := $(wildcard docs/man/*.[157])
SCRIPTS  := $(wildcard helperscripts/*.sh)
PARTS    := $(wildcard helperscripts/lib/*.*) $(wildcard templates/*/*.*)
# Where each goes, below $(BASE). The scripts find the programs by the link.
AT_PAGES := $(foreach p,$(PAGES),share/man/man$(patsubst .%,%,$(suffix $p))/$(notdir $p))
PLACED   := $(PROGS:$(OUT)/%=%) $(AT_PAGES) $(SCRIPTS:%=$(SHARE)/%) \
            $(PARTS:%=$(SHARE)/%) $(SHARE)/cutils/bin

install: all ## programs, man pages, scripts and templates, below DESTDIR PREFIX
	for file in $(PROGS:$(OUT)/%=%); do \
		install -D -m 755 $(OUT)/$$file $(BASE)/$$file || exit; done
	for file in $(SCRIPTS); do \
		install -D -m 755 $$file $(BASE)/$(SHARE)/$$file || exit; done
	for file in $(PARTS); do \
		install -D -m 644 $$file $(BASE)/$(SHARE)/$$file || exit; done
	for file in $(AT_PAGES); do \
		install -D -m 644 docs/man/$${file##*/} $(BASE)/$$file || exit; done
	install -d $(BASE)/$(SHARE)/cutils
	ln -sfn ../../../bin $(BASE)/$(SHARE)/cutils/bin

uninstall: ## removes exactly what install put there
	rm -f $(PLACED:%=$(BASE)/%)
	[ ! -d $(BASE)/$(SHARE) ] || \
	    find $(BASE)/$(SHARE) -depth -type d -empty -delete

clean: ## removes what was built; the labs in build/lxd and build/incus stay
	find build -mindepth 1 -maxdepth 1 ! -name lxd ! -name incus -exec rm -rf {} + 2>/dev/null || :
