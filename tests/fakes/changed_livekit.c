#include "config.h"

#include "fakes/changed_livekit.h"
#include "base/banned.h"

static void answered(void *ctx, const struct tel_lk_answer *answer)
{
	struct tel_changed_livekit *c = ctx;
	struct tel_lk_answer changed = *answer;

	c->change(&changed);
	c->done(c->ctx, &changed);
}

static enum tel_err changed_send(struct tel_livekit *port, const struct tel_lk_request *request,
				 tel_lk_done_fn done, void *ctx)
{
	struct tel_changed_livekit *c = (struct tel_changed_livekit *)port;
	enum tel_err err;

	if (request->method != c->method || c->times == 0)
		return c->real->ops->send(c->real, request, done, ctx);
	c->done = done;
	c->ctx = ctx;
	err = c->real->ops->send(c->real, request, answered, c);
	c->times -= !err;
	return err;
}

static enum tel_err changed_poll(struct tel_livekit *port, tel_time wait)
{
	struct tel_changed_livekit *c = (struct tel_changed_livekit *)port;

	return c->real->ops->poll(c->real, wait);
}

static void changed_wake(struct tel_livekit *port)
{
	struct tel_changed_livekit *c = (struct tel_changed_livekit *)port;

	c->real->ops->wake(c->real);
}

void tel_changed_livekit_init(struct tel_changed_livekit *c, struct tel_livekit *real,
			      enum tel_lk_method method, size_t times,
			      void (*change)(struct tel_lk_answer *answer))
{
	static const struct tel_livekit_ops ops = {
		.name = "changed", .send = changed_send, .poll = changed_poll,
		.wake = changed_wake,
	};

	*c = (struct tel_changed_livekit){
		.base = { &ops }, .real = real, .method = method, .times = times,
		.change = change,
	};
}
