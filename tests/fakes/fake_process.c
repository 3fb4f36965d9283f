#include "config.h"

#include "fakes/fake_process.h"
#include "base/banned.h"

static struct tel_str self(struct tel_process *base)
{
	return tel_str_from(((struct tel_fake_process *)base)->self);
}

static bool is_dead(struct tel_process *base, struct tel_str owner)
{
	struct tel_fake_process *process = (struct tel_fake_process *)base;

	return process->dead && process->dead(process->ctx, owner);
}

bool tel_fake_process_is_named(void *name, struct tel_str owner)
{
	return tel_str_is(owner, name);
}

static const struct tel_process_ops ops = {
	.name = "fake", .self = self, .is_dead = is_dead,
};

void tel_fake_process_init(struct tel_fake_process *process, const char *name)
{
	*process = (struct tel_fake_process){ .base.ops = &ops, .self = name };
}
