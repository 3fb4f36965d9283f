# Builds the drivers with libFuzzer and sanitizers, below fuzz-build/ of the
# build tree, and runs them. Called by `make fuzz`, which says what the library
# consists of; GNU make.
#
# FUZZ_ENGINE may name another engine with libFuzzer's interface.

CLANG = clang
FUZZ_ENGINE = -fsanitize=fuzzer
FUZZ_SANITIZERS = address,undefined
BUILD = fuzz-build
HERE = $(FUZZ_SRCDIR)/tests/fuzz

FLAGS = -std=gnu11 -g -O1 -fno-omit-frame-pointer -fno-strict-aliasing \
	-fsanitize=fuzzer-no-link,$(FUZZ_SANITIZERS) -fno-sanitize-recover=all
COMPILE = $(CLANG) $(FLAGS) -DTEL_FUZZ_ENGINE $(FUZZ_CPPFLAGS) -MMD

NAMES := $(shell sed -n 's/^TARGET.\([a-z0-9_]*\),.*/\1/p' $(HERE)/targets.h)
OBJECTS := $(patsubst %.c,$(BUILD)/lib/%.o,$(filter %.c,$(FUZZ_LIBRARY)))
DRIVERS := $(NAMES:%=$(BUILD)/fuzz_%)

run: $(DRIVERS)
	$(PYTHON3) -B $(HERE)/run.py --build $(BUILD) --seconds $(or $(SECONDS),60) \
		--jobs $(or $(JOBS),1) $(ONLY)

build: $(DRIVERS)

$(BUILD)/engine: $(HERE)/engine_check.c
	@mkdir -p $(BUILD)
	@$(CLANG) $(FUZZ_ENGINE) -fsanitize=$(FUZZ_SANITIZERS) -o $@ $< >$@.log 2>&1 || { \
		cat $@.log; \
		echo 'make fuzz: $(CLANG) with libFuzzer is needed. On Debian: apt-get install' \
			'clang libclang-rt-14-dev (14: as `clang --version` says)'; \
		exit 1; }

$(BUILD)/lib/%.o: $(FUZZ_SRCDIR)/%.c $(BUILD)/engine
	@mkdir -p $(@D)
	@$(COMPILE) -c -o $@ $<

$(BUILD)/lib.a: $(OBJECTS)
	@rm -f $@
	$(AR) rcs $@ $(OBJECTS)

$(BUILD)/fuzz_%: $(HERE)/fuzz_%.c $(BUILD)/lib.a
	$(COMPILE) $(FUZZ_ENGINE) -o $@ $< $(BUILD)/lib.a $(FUZZ_LIBS)

-include $(OBJECTS:.o=.d)

.PHONY: run build
.DELETE_ON_ERROR:
