#include "config.h"

#include <stdlib.h>
#include <ucontext.h>

#include "coro.h"
#include "base/banned.h"

#define STACK_SIZE ((size_t)256 * 1024)

struct sim_coro {
	struct sim_coro *next;		/* in the list of idle ones */
	ucontext_t context;
	void (*fn)(void *arg);
	void *arg;
	bool ended;
	char *stack;
};

struct sim_coros {
	ucontext_t scheduler;
	struct sim_coro *idle;
	struct sim_coro *running;
};

struct sim_coros *sim_coros_new(void)
{
	return calloc(1, sizeof(struct sim_coros));
}

void sim_coros_free(struct sim_coros *coros)
{
	struct sim_coro *coro;

	if (!coros)
		return;
	while ((coro = coros->idle)) {
		coros->idle = coro->next;
		free(coro->stack);
		free(coro);
	}
	free(coros);
}

/* makecontext() hands over ints only: the pointer comes in two halves. */
static void enter(unsigned high, unsigned low)
{
	struct sim_coros *coros = (struct sim_coros *)(((uintptr_t)high << 16 << 16) | low);
	struct sim_coro *coro;

	for (;;) {
		coro = coros->running;
		coro->fn(coro->arg);
		coro->ended = true;
		swapcontext(&coro->context, &coros->scheduler);
	}
}

static struct sim_coro *fresh(struct sim_coros *coros)
{
	struct sim_coro *coro = calloc(1, sizeof(*coro));
	uintptr_t p = (uintptr_t)coros;

	if (!coro || !(coro->stack = malloc(STACK_SIZE)) || getcontext(&coro->context))
		abort();
	coro->context.uc_stack.ss_sp = coro->stack;
	coro->context.uc_stack.ss_size = STACK_SIZE;
	makecontext(&coro->context, (void (*)(void))enter, 2, (unsigned)(p >> 16 >> 16),
		    (unsigned)p);
	return coro;
}

struct sim_coro *sim_coro_new(struct sim_coros *coros, void (*fn)(void *arg), void *arg)
{
	struct sim_coro *coro = coros->idle;

	if (coro)
		coros->idle = coro->next;
	else
		coro = fresh(coros);
	coro->fn = fn;
	coro->arg = arg;
	coro->ended = false;
	return coro;
}

bool sim_coro_resume(struct sim_coros *coros, struct sim_coro *coro)
{
	coros->running = coro;
	swapcontext(&coros->scheduler, &coro->context);
	coros->running = NULL;
	if (!coro->ended)
		return false;
	coro->next = coros->idle;
	coros->idle = coro;
	return true;
}

void sim_coro_give_way(struct sim_coros *coros)
{
	struct sim_coro *coro = coros->running;

	swapcontext(&coro->context, &coros->scheduler);
}

struct sim_coro *sim_coro_running(const struct sim_coros *coros)
{
	return coros->running;
}
