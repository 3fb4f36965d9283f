#include "config.h"

#include <pthread.h>
#include <stdlib.h>

#include "app/inbox.h"

struct tel_inbox {
	pthread_mutex_t lock;		/* guards all below */
	struct tel_call_id *ids;	/* ring */
	size_t slots, first, n;
	size_t promised;
	bool closed;
	void (*wake)(void *ctx);	/* never changes */
	void *ctx;
};

enum tel_err tel_inbox_new(size_t slots, void (*wake)(void *ctx), void *ctx,
			   struct tel_inbox **out)
{
	struct tel_inbox *inbox = calloc(1, sizeof(*inbox));

	if (!inbox)
		return TEL_ENOMEM;
	inbox->ids = calloc(slots, sizeof(*inbox->ids));
	if (!inbox->ids || pthread_mutex_init(&inbox->lock, NULL)) {
		free(inbox->ids);
		free(inbox);
		return TEL_ENOMEM;
	}
	inbox->slots = slots;
	inbox->wake = wake;
	inbox->ctx = ctx;
	*out = inbox;
	return TEL_OK;
}

void tel_inbox_free(struct tel_inbox *inbox)
{
	if (!inbox)
		return;
	pthread_mutex_destroy(&inbox->lock);
	free(inbox->ids);
	free(inbox);
}

bool tel_inbox_reserve(struct tel_inbox *inbox)
{
	bool ok;

	pthread_mutex_lock(&inbox->lock);
	ok = !inbox->closed && inbox->n + inbox->promised < inbox->slots;
	inbox->promised += ok;
	pthread_mutex_unlock(&inbox->lock);
	return ok;
}

void tel_inbox_put(struct tel_inbox *inbox, const struct tel_call_id *id)
{
	pthread_mutex_lock(&inbox->lock);
	inbox->ids[(inbox->first + inbox->n) % inbox->slots] = *id;
	inbox->n++;
	inbox->promised--;
	pthread_mutex_unlock(&inbox->lock);
	if (inbox->wake)
		inbox->wake(inbox->ctx);
}

void tel_inbox_cancel(struct tel_inbox *inbox)
{
	pthread_mutex_lock(&inbox->lock);
	inbox->promised--;
	pthread_mutex_unlock(&inbox->lock);
}

bool tel_inbox_first(struct tel_inbox *inbox, struct tel_call_id *out)
{
	bool ok;

	pthread_mutex_lock(&inbox->lock);
	ok = inbox->n > 0;
	if (ok)
		*out = inbox->ids[inbox->first];
	pthread_mutex_unlock(&inbox->lock);
	return ok;
}

void tel_inbox_drop_first(struct tel_inbox *inbox)
{
	pthread_mutex_lock(&inbox->lock);
	inbox->first = (inbox->first + 1) % inbox->slots;
	inbox->n--;
	pthread_mutex_unlock(&inbox->lock);
}

void tel_inbox_close(struct tel_inbox *inbox)
{
	pthread_mutex_lock(&inbox->lock);
	inbox->closed = true;
	pthread_mutex_unlock(&inbox->lock);
}

bool tel_inbox_is_idle(struct tel_inbox *inbox)
{
	bool idle;

	pthread_mutex_lock(&inbox->lock);
	idle = inbox->n == 0 && inbox->promised == 0;
	pthread_mutex_unlock(&inbox->lock);
	return idle;
}
