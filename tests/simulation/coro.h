/*
 * Coroutines: a virtual process runs the real use cases on them, and gives
 * way inside of them, at every call of a port. One thread.
 *
 * Stacks are kept for the next coroutine. A coroutine is never abandoned:
 * that of a killed process is resumed, finds that its ports refuse all, and
 * runs to its end without any effect; so nothing leaks.
 */
#ifndef SIM_CORO_H
#define SIM_CORO_H

#include <stdbool.h>
#include <stdint.h>

struct sim_coro;
struct sim_coros;

struct sim_coros *sim_coros_new(void);
void sim_coros_free(struct sim_coros *coros);	/* all must have ended */

/* A coroutine that will run fn(arg); it has not begun yet. */
struct sim_coro *sim_coro_new(struct sim_coros *coros, void (*fn)(void *arg), void *arg);

/* Run it until it gives way or ends. True: it has ended, the pointer is dead. */
bool sim_coro_resume(struct sim_coros *coros, struct sim_coro *coro);

/* From inside: back to whoever resumed. */
void sim_coro_give_way(struct sim_coros *coros);

/* The one that runs; NULL = none. */
struct sim_coro *sim_coro_running(const struct sim_coros *coros);

#endif
