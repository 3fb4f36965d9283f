/* Threads with small stacks, and waiting for their end with patience. */
#ifndef TEL_COMPOSE_THREAD_H
#define TEL_COMPOSE_THREAD_H

#include <pthread.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/time.h"

/* Enough for anything we call; the default of 8 MiB is made for main. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TEL_THREAD_STACK (2 * 1024 * 1024)
#else
#define TEL_THREAD_STACK (256 * 1024)
#endif

/* Inherits the signal mask. TEL_EBUSY: the system allows no more threads. */
TEL_MUST_CHECK enum tel_err tel_thread_start(void *(*run)(void *), void *arg, pthread_t *out);

/* True: it has ended. False: it has not within `patience` ms. */
TEL_MUST_CHECK bool tel_thread_join(pthread_t thread, tel_time patience);

#endif
